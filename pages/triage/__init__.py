"""Triage: one input, what is wrong with it, and what the repair does."""
