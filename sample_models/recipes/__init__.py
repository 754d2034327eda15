"""Recipes that train the sample subjects shipped in `sample_models/` from public data."""
