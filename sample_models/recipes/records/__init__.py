"""Recipes of the sample models for records."""
