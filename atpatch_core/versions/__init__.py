"""Versions of a subject's detector: kept side by side, compared, put to work and rolled back."""
