"""Inputs become texts: files, stdin, columns of tables, their bytes decoded, as lines or as blocks for kernels."""
