"""Models to look at with AtPatch, one a folder, and the recipes that make them: `python -m sample_models`."""
