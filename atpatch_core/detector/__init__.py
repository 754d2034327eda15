"""Detectors: which columns of an attention map draw far more attention than they should?"""
