"""Triggers that can be put into images and texts: patches, words and sentences, and what is spread over an image."""
