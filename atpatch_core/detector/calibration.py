"""Choose the threshold for a wanted false-positive rate per input."""

from __future__ import annotations

import math

import numpy as np


def calibrate_threshold(benign: np.ndarray, malicious: np.ndarray, false_positive_rate: float) -> float:
    """The score from which on an input counts as malicious.

    The threshold is at least the conformal bound that at most `false_positive_rate` of further benign inputs reach;
    where there is a gap between that bound and the bulk of the malicious scores, it is the middle of the gap (in
    log-odds).

    Args:
        benign: scores (highest column, 0 to 1) of benign inputs that were not trained on, `[n]`.
        malicious: the same of malicious inputs, `[m]`; may be empty.
        false_positive_rate: the share of benign inputs that may be flagged, above 0 and below 1.

    Returns:
        A score, 0 to 1.

    Raises:
        ValueError: there are too few benign inputs to bound that rate.

    Example:
        >>> benign, malicious = np.linspace(0.0, 0.1, 100), np.array([0.9, 0.95])
        >>> round(calibrate_threshold(benign, malicious, false_positive_rate=0.01), 3)
        0.5
    """
    n = len(benign)
    rank = math.ceil((n + 1) * (1 - false_positive_rate))
    if rank > n:
        raise ValueError(
            f"{n} benign inputs are too few to bound a false-positive rate of {false_positive_rate:g}: "
            f"take at least {math.ceil(1 / false_positive_rate)}."
        )
    bound = float(np.sort(benign)[rank - 1])
    low = float(np.nextafter(np.float32(bound), np.float32(2)))
    if len(malicious) == 0:
        return low
    high = float(np.quantile(malicious, 0.005))
    return low if high <= low else max(low, _expit((_logit(low) + _logit(high)) / 2))


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _expit(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
