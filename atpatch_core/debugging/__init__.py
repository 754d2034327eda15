"""Debugging sets: what a defender trains a detector on, and how it is tuned for one model."""
