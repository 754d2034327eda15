"""Recipes that make the sample models, and the inputs to try them on, from public data."""
