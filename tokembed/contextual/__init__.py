"""Running networks that read whole texts: where trained ones are found, loading, batches of like length, pooling."""
