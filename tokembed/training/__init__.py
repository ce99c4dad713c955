"""What embedders train on and go on from: a corpus on disk, sentences for gensim, checkpoints."""
