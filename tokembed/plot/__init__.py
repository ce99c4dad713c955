"""Words as points in a picture."""
