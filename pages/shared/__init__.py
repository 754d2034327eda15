"""What all pages build on."""
