"""The loops that must be fast: numba, arrays in and arrays out."""
