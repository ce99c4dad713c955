"""A tokenizer and an embedder together, kept in a folder, and what `-m` names."""
