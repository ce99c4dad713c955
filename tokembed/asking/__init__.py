"""Word vectors that are asked: nearest words, analogies, where a cosine stands, and what a misspelled word may mean."""
