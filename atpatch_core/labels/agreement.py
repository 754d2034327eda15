"""How far annotators agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for more (nominal).

The unit is a column that two or more judged; "unsure" is a category of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

from .contract import Verdict

# How often each of `Verdict` was given to one column, in that order.
Tally = tuple[int, int, int]


@dataclass(frozen=True)
class Agreement:
    """`value` is 1 for full agreement and 0 for chance; `None` where it is not defined, and `note` then says why.

    `columns` is the number of columns that two or more of the `annotators` judged, `same` the share of them on which
    all who judged them say the same.
    """

    measure: str
    value: float | None
    annotators: int
    columns: int
    same: float | None
    note: str


def agreement(annotators: int, tallies: Mapping[Tally, int], pairs: Mapping[tuple[Verdict, Verdict], int]) -> Agreement:
    """How far `annotators` people agree.

    `tallies` counts the columns that were judged twice or more by what was said about them; with two annotators,
    `pairs` counts them by what the first and the second said.
    """
    measure = "Cohen's kappa" if annotators <= 2 else "Krippendorff's alpha"
    if not tallies:
        return Agreement(measure, None, annotators, 0, None, "No column has been judged by two annotators yet.")
    kinds, times = np.array(list(tallies), dtype=np.int64), np.array(list(tallies.values()), dtype=np.int64)
    columns = int(times.sum())
    same = float(times[kinds.max(1) == kinds.sum(1)].sum() / columns)
    if (kinds.sum(0) > 0).sum() < 2:
        note = "Everyone gives every shared column the same verdict, so there is no chance to compare with."
        return Agreement(measure, None, annotators, columns, same, note)
    if annotators <= 2:
        first, second = zip(*pairs, strict=True)
        value = cohen_kappa_score(first, second, labels=list(Verdict), sample_weight=list(pairs.values()))
    else:
        value = krippendorff.alpha(value_counts=np.repeat(kinds, times, axis=0), level_of_measurement="nominal")
    if not math.isfinite(value):
        return Agreement(measure, None, annotators, columns, same, "The verdicts leave nothing to chance.")
    return Agreement(measure, float(value), annotators, columns, same, "")
