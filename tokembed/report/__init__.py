"""The page of a comparison: one HTML file that needs no other file and no network."""
