"""Evidence: what the shipped model is worth beside simple baselines."""
