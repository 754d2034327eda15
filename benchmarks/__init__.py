"""What takes long to measure: each module is run by itself, `python -m benchmarks.NAME`."""
