"""Recipes of the sample models for texts."""
