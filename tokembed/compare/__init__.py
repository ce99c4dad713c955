"""The same texts under several tokenizers and embedders: what the rows hold, how similar texts and words are."""
