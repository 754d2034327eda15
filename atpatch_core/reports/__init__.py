"""What was seen of one input, to hand on: one HTML file, all values as JSON, and figures for a paper."""
