"""Attacks, metrics and reports: what a hot-fix is judged with."""
