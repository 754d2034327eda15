"""Label: judge columns, so that a detector can learn from it."""
