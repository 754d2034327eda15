"""Evaluate: defences compared on one model."""
