"""Recipes of the sample models for images."""
