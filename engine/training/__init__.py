"""Self-supervised training of the tumor encoder and its evaluation."""
