"""A corpus under several tokenizers in numbers, each beside what it leaves out: `rows.corpus_stats` makes them."""
