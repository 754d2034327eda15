"""What can be done about a backdoored image model: AtPatch, bounds, and peers reimplemented from their papers."""
