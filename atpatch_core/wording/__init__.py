"""What was found, in sentences: counts and lists, and the verdict on one input."""
