"""How far a trigger reaches: a whole phrase may drive the answer while only one of its columns stands out.

Such a phrase is repaired as a whole. Around each flagged column, the shortest run of columns is looked for that *alone*
keeps the model as sure of its answer as it was: with the attention to everything else shut out. That run carries the
hijack. Whether the answer changes once it is repaired plays no part in finding it, so an input that deserves its answer
keeps it. Of two triggers in one input the second may stand out only once the first one is repaired, so the detector
looks again at the repaired maps, and what it flags there is followed in turn. Only flagged inputs cost anything, and
what each may cost is bounded: where the bound ends the search, what was found so far is repaired, and it is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .per_token import inner_columns

# Rows of the batch (int64 [n]) and the columns to shut out in each (bool [n, keys]) to logits [n, classes].
Probe = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Reach:
    """How the columns around a flagged one are repaired.

    Attributes:
        layers: numbers of the layers in all heads of which the flagged column and the others that carry the hijack are
            redistributed.
        longest: the most columns of a run; 8 by default.
        as_sure: how much less sure of its answer (in log-odds) a run may leave the model; 0.2 by default.
        margin: how many columns more are repaired on each side of a run of several, which a trigger's punctuation may
            need; 1 by default.
        looks: how many times the detector looks at most; 4 by default.
        seeds: around how many flagged columns, those that score highest, runs are looked for; 16 by default.
    """

    layers: tuple[int, ...]
    longest: int = 8
    as_sure: float = 0.2
    margin: int = 1
    looks: int = 4
    seeds: int = 16


# What following one input may cost: so many forward passes, which the phrase around each of eight flagged words takes,
# and so many entries of the maps of one head, as a pass costs up to the square of the length. Texts of up to 85 tokens
# get all 300, those of 500 get eight: a few seconds on one core either way.
_MOST_FORWARDS = 300
_MOST_ENTRIES = 2_200_000


@dataclass
class Budget:
    """How many forward passes each input of a batch may cost.

    A pass of several inputs counts once for each. One pass is always kept back for the repaired answer.

    Attributes:
        most: the most that are allowed for each input.
        spent: how many each has cost so far.
        ended_early: whether the search for each input ended because it reached its bound.
    """

    most: list[int]
    spent: list[int] = field(init=False)
    ended_early: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        self.spent, self.ended_early = [0] * len(self.most), [False] * len(self.most)

    @classmethod
    def for_inputs(cls, valid: Tensor, rows: int | None = None) -> Budget:
        """The budget of inputs by their length.

        Args:
            valid: bool `[batch, keys]`, `False` for padding.
            rows: how many trials an input may cost beside its repaired answer; by default as many as its length allows.
        """
        fitting = (_MOST_ENTRIES // max(1, int(length)) ** 2 for length in valid.sum(-1))
        allowed = [max(2, min(_MOST_FORWARDS, most)) for most in fitting]
        return cls(allowed if rows is None else [min(most, rows + 1) for most in allowed])

    def spend(self, row: int, trials: int) -> bool:
        """Spend `trials` on the input `row` if it has that many left, else note that its search ends early."""
        if self.spent[row] + trials >= self.most[row]:
            self.ended_early[row] = True
            return False
        self.spent[row] += trials
        return True

    def spend_on_answers(self, rows: Tensor) -> None:
        """Spend the forward that was kept back for the answer of each input in `rows` (bool `[batch]`)."""
        for row in rows.nonzero().flatten().tolist():
            self.spent[row] += 1

    def worth_another_look(self, rows: Tensor) -> Tensor:
        """Those of `rows` (bool `[batch]`) that have a forward left; the search of the others ends early."""
        left = rows.clone()
        for row in rows.nonzero().flatten().tolist():
            if self.spent[row] >= self.most[row]:
                self.ended_early[row], left[row] = True, False
        return left


def trigger_columns(
    scores: Tensor,
    flagged: Tensor,
    valid: Tensor,
    repaired: Tensor,
    logits: Tensor,
    probe: Probe,
    reach: Reach,
    budget: Budget,
) -> Tensor:
    """The flagged columns and the runs around them that carry the hijack.

    The first and the last token of an input are the model's own: they are never shut out, and are part of no run. Runs
    around the columns that score highest are tried first; those that an input's budget no longer allows are not tried.

    Args:
        scores: of the columns, `[batch, keys]`.
        flagged: those to start from, bool `[batch, keys]`.
        valid: bool `[batch, keys]`, `False` for padding.
        repaired: columns that are repaired already, bool `[batch, keys]`: they are always shut out, and part of no run.
        logits: what the model answers while those are repaired, `[batch, classes]`.
        probe: runs the model with columns shut out.
        reach: how far to look.
        budget: what each input may cost; what is spent is noted in it.

    Returns:
        bool `[batch, keys]`.
    """
    found = flagged.clone()
    answer = logits.argmax(-1)
    sure = log_odds(logits, answer)
    inner = inner_columns(valid) & ~repaired
    searching = _seeds(scores, flagged & inner, reach.seeds)
    for size in range(1, reach.longest + 1):
        runs = []
        for row, seed in searching:
            around = [
                (row, seed, start)
                for start in range(seed - size + 1, seed + 1)
                if start >= 0 and start + size <= valid.shape[1] and bool(inner[row, start : start + size].all())
            ]
            if budget.spend(row, len(around)):
                runs += around
        if not runs:
            break
        rows = torch.tensor([row for row, _, _ in runs])
        alone = torch.zeros(len(runs), valid.shape[1], dtype=torch.bool)
        for number, (_, _, start) in enumerate(runs):
            alone[number, start : start + size] = True
        left = log_odds(probe(rows, (inner[rows] & ~alone) | repaired[rows]), answer[rows]) - sure[rows]
        for row, seed in list(searching):
            mine = [number for number, run in enumerate(runs) if run[:2] == (row, seed)]
            best = max(mine, key=lambda number: float(left[number]), default=None)
            if best is not None and float(left[best]) >= -reach.as_sure:
                wider = reach.margin if size > 1 else 0
                start = runs[best][2]
                run = slice(max(0, start - wider), start + size + wider)
                found[row, run] |= inner[row, run]
                searching.remove((row, seed))
    return found


def _seeds(scores: Tensor, flagged: Tensor, most: int) -> list[tuple[int, int]]:
    """Row and column of at most `most` flagged columns of each input, the highest scores first."""
    found = []
    for row in flagged.any(-1).nonzero().flatten().tolist():
        columns = flagged[row].nonzero().flatten()
        best = scores[row, columns].argsort(descending=True, stable=True)[:most]
        found += [(row, int(column)) for column in columns[best]]
    return found


def log_odds(logits: Tensor, answer: Tensor) -> Tensor:
    """How sure of `answer` (int64 `[n]`) logits `[n, classes]` are, in log-odds `[n]`."""
    logits = logits.float()
    own = logits.gather(1, answer[:, None])
    others = logits.scatter(1, answer[:, None], -torch.inf)
    return (own - others.logsumexp(1, keepdim=True)).squeeze(1)
