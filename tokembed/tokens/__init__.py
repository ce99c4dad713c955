"""Streams of texts become tokens in files, and tokens become text again."""
