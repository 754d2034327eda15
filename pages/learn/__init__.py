"""Learn: a guided tour in seven steps."""
