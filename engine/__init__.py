"""Cohorts, tokens, the tumor encoder, layouts and placement."""
