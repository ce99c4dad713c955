"""Texts, words and tokens get vectors, in a stream, and what is left out is counted."""
