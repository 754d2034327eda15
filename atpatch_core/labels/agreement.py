"""How far annotators agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for more (nominal).

The unit is a column that at least one annotator named, in an input that two or more answered. Each of those who
answered that input says one of four things about it: over-attended, benign, unsure, or nothing. Who said that the rest
is benign says benign of every column that they did not name. To say nothing is a category of its own: where one calls a
column over-attended that another left unjudged, the two did not do the same, and that lowers the value. Columns that
nobody named are no units: there are hundreds in every input, and nobody looked at them one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

from .contract import Rest, Verdict

UNJUDGED = Rest.UNJUDGED.value
SAYINGS = (*(verdict.value for verdict in Verdict), UNJUDGED)
# How often each of `SAYINGS` was said about one column, in that order.
Tally = tuple[int, int, int, int]


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree, over `columns` + `judged_by_one` columns.

    Attributes:
        measure: its name.
        value: 1 for full agreement and 0 for chance; `None` where it is not defined.
        annotators: how many people.
        columns: how many columns were judged by two or more of them.
        same: the share of these on which all who judged them say the same; `None` without such columns.
        note: why there is no value; empty if there is one.
        judged_by_one: how many columns were judged by one of those who answered the input, and left unjudged by the
            others.
    """

    measure: str
    value: float | None
    annotators: int
    columns: int
    same: float | None
    note: str
    judged_by_one: int = 0


def agreement(annotators: int, tallies: Mapping[Tally, int], pairs: Mapping[tuple[str, str], int]) -> Agreement:
    """How far annotators agree beyond chance.

    Args:
        annotators: how many people.
        tallies: how many of the columns that anyone named have each tally.
        pairs: with two annotators, how many of them have each pair of `SAYINGS`, by the first and by the second.

    Example:
        >>> tallies = {(2, 0, 0, 0): 10, (0, 2, 0, 0): 10, (1, 1, 0, 0): 5}
        >>> over, benign = "over-attended", "benign"
        >>> agreed = agreement(2, tallies, {(over, over): 10, (benign, benign): 10, (over, benign): 5})
        >>> round(agreed.value, 2), agreed.same
        (0.62, 0.8)
    """
    measure = "Cohen's kappa" if annotators <= 2 else "Krippendorff's alpha"
    kinds = np.array(list(tallies), dtype=np.int64).reshape(-1, len(SAYINGS))
    times = np.array(list(tallies.values()), dtype=np.int64)
    verdicts = kinds[:, :-1]
    judged = verdicts.sum(1)
    columns, alone = int(times[judged > 1].sum()), int(times[judged == 1].sum())
    if not columns:
        note = "No column has been judged by two annotators yet."
        return Agreement(measure, None, annotators, 0, None, note, alone)
    same = float(times[(judged > 1) & (verdicts.max(1) == judged)].sum() / columns)
    if (kinds.sum(0) > 0).sum() < 2:
        note = "Everyone gives every shared column the same verdict, so there is no chance to compare with."
        return Agreement(measure, None, annotators, columns, same, note, alone)
    if annotators <= 2:
        first, second = zip(*pairs, strict=True)
        value = cohen_kappa_score(first, second, labels=list(SAYINGS), sample_weight=list(pairs.values()))
    else:
        value = krippendorff.alpha(value_counts=np.repeat(kinds, times, axis=0), level_of_measurement="nominal")
    if not math.isfinite(value):
        note = "The verdicts leave nothing to chance."
        return Agreement(measure, None, annotators, columns, same, note, alone)
    return Agreement(measure, float(value), annotators, columns, same, "", alone)
