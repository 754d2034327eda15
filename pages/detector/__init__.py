"""Detector: train, judge, compare and activate versions."""
