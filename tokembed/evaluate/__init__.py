"""Vectors judged: by word sets, by labelled texts, and recurrent networks by how far back they remember."""
