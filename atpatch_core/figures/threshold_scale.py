"""Thresholds to choose from, as close together where scores crowd: near 0 and near 1."""

from __future__ import annotations

import numpy as np

from ..wording.phrases import score_text

_LOWEST, _HIGHEST, _STEP = -6.9, 13.8, 0.1  # log-odds: from 0.001 to 0.999999


def threshold_scale(*also: float) -> list[float]:
    """Scores from 0 to 1, evenly spaced in log-odds and as round as they are shown.

    Whatever `score_text` shows alike is there once; of two such, the one of `also`.

    Args:
        also: further scores to include.

    Returns:
        All scores, ascending.
    """
    odds = np.arange(_LOWEST, _HIGHEST, _STEP)
    spaced = [0.0, *(1 / (1 + np.exp(-odds))).tolist(), 1.0]
    rounded = [float(score_text(value)) for value in spaced]
    by_text = {score_text(value): value for value in rounded}
    by_text.update({score_text(value): value for value in also})
    return sorted(by_text.values())
