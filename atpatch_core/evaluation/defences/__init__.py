"""What can be done about a hijacked or biased model: AtPatch, bounds, and peers reimplemented from their papers."""
