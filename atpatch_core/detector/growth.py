"""Grow the span of a trigger from the columns that are flagged, by asking the model what else carries it.

A detector rarely sees all of a trigger: a patch trigger lies across several patches, and copies of it share the
attention that one would draw. What is flagged is the entry. While the answer that the untouched model gave still stands
with the entry redistributed where it is flagged, more of the trigger is left. Then, in rounds, more is redistributed on
trial, in all heads of some layers: the entry alone, and with it each neighbour of the span, the columns that the
detector scores highest *while the model is being repaired*, and groups of those, as the loss of one copy among many
changes nothing. What lowers the probability of that answer by enough joins the span. The idea is that of seeded region
growing (Adams & Bischof, 1994), with the model as the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .per_token import inner_columns

# Inputs (int64 [n]) and the columns to redistribute in all heads of each (bool [n, keys]) to the log-probability of the
# answer under suspicion [n] and the scores of the columns [n, keys] while they are redistributed.
Probe = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

# Of the columns that score highest, the first two are tried alone. Groups of them were chosen on copies of a trigger in
# four, six and nine places: groups of up to 12 found what no single column told.
_ALONE = 2
_GROUPS = (2, 3, 4, 6, 8, 12)
_AS_GOOD = 0.8  # of the largest fall: the smallest group with that much is taken, so that little else is redistributed


@dataclass(frozen=True)
class Growth:
    """How the span of a trigger is grown from the flagged columns.

    Attributes:
        layers: numbers of the layers in all heads of which a span is redistributed that was grown.
        grid: rows and columns of the patches, which are the last columns of a map; `None` where columns stand in a line
            and the first and last belong to the model.
        fall: by how much (in nats) one more column must lower the log-probability of the answer under suspicion to join
            the span; 1 by default.
        fall_of_group: the same for several columns at once; 3 by default.
        believed: the probability of that answer up to which it has fallen, and nothing more is looked for; 0.1 by
            default.
        as_sure: how much less sure of its answer (in log-odds) the model may be with all of the span redistributed for
            the flag to be cleared; 0.2 by default.
        rounds: how many rounds at most; 6 by default.
        rows: how many trials one input may cost; 64 by default.

    Raises:
        ValueError: a limit lets everything or nothing join.
    """

    layers: tuple[int, ...]
    grid: tuple[int, int] | None = None
    fall: float = 1.0
    fall_of_group: float = 3.0
    believed: float = 0.1
    as_sure: float = 0.2
    rounds: int = 6
    rows: int = 64

    def __post_init__(self) -> None:
        if not (self.fall > 0 and self.fall_of_group > 0 and 0 < self.believed < 1):
            raise ValueError("What joins a span must lower the probability of an answer that stands.")


@dataclass(frozen=True)
class Round:
    """One round: what was tried beside the span so far, and what it did.

    Attributes:
        tried: the columns (keys) of each trial; none where the span so far was tried in all heads.
        probabilities: of the answer under suspicion in each trial, 0 to 1.
        taken: which trial's columns joined the span, from 0; `None` if none lowered the probability by enough.
    """

    tried: tuple[tuple[int, ...], ...]
    probabilities: tuple[float, ...]
    taken: int | None


@dataclass
class Span:
    """What one input's flags grew to.

    Attributes:
        columns: bool `[keys]`, the entry among them.
        log_probability: of the answer under suspicion with these redistributed.
        scores: of the columns meanwhile, `[keys]`.
        rounds: what was tried, in order.
        rows: how many trials there were.
        complete: whether the search ended on its own; if not, more trials were wanted than were allowed.
        spread: whether it is to be redistributed in all heads; if not, only where the entry is flagged.
    """

    columns: Tensor
    log_probability: float
    scores: Tensor
    rounds: list[Round] = field(default_factory=list)
    rows: int = 0
    complete: bool = True
    spread: bool = False


def grow(
    entry: Tensor, log_probability: Tensor, scores: Tensor, inner: Tensor, growth: Growth, rows: int, probe: Probe
) -> list[Span]:
    """The span of each input's trigger; all inputs are tried together, and none depends on another.

    Args:
        entry: the flagged columns, bool `[n, keys]`.
        log_probability: of the answer under suspicion with the entry redistributed where it is flagged, `[n]`.
        scores: of the columns meanwhile, `[n, keys]`.
        inner: the columns that may join, bool `[n, keys]`: neither padding nor the model's own.
        growth: the limits.
        rows: how many trials each input may cost.
        probe: redistributes columns on trial.

    Returns:
        One span for each input.
    """
    spans = [
        Span(columns.clone(), float(sure), of_columns)
        for columns, sure, of_columns in zip(entry, log_probability, scores, strict=True)
    ]
    growing = list(range(len(spans)))
    for _ in range(growth.rounds):
        trials = {number: _trials(spans[number], inner[number], growth, rows) for number in growing}
        asked = [(number, columns) for number in growing for columns in trials[number]]
        if not asked:
            break
        tried = torch.stack([spans[number].columns for number, _ in asked])
        for row, (_, columns) in enumerate(asked):
            tried[row, list(columns)] = True
        fell_to, scored = probe(torch.tensor([number for number, _ in asked]), tried)
        first = 0
        for number, own in trials.items():
            part = slice(first, first + len(own))
            first += len(own)
            if own:
                _judge(spans[number], own, tried[part], fell_to[part], scored[part], growth)
        growing = [number for number in growing if trials[number] and spans[number].rounds[-1].taken is not None]
    return spans


def _trials(span: Span, inner: Tensor, growth: Growth, rows: int) -> list[tuple[int, ...]]:
    """The columns to try beside `span`; none where the answer has fallen. Notes where more were wanted than allowed."""
    if span.log_probability <= torch.tensor(growth.believed).log():
        return []
    free = inner & ~span.columns
    order = [key for key in span.scores.argsort(descending=True, stable=True).tolist() if bool(free[key])]
    alone = [*order[:_ALONE], *(beside(span.columns, growth.grid) & free).nonzero().flatten().tolist()]
    trials: list[tuple[int, ...]] = [] if span.spread else [()]
    trials += [(key,) for key in dict.fromkeys(alone)]
    trials += [tuple(order[:size]) for size in _GROUPS if size <= len(order)]
    left = rows - span.rows
    span.complete = len(trials) <= left
    trials = trials[: max(0, left)]
    span.rows += len(trials)
    return trials


def _judge(
    span: Span, trials: Sequence[tuple[int, ...]], tried: Tensor, fell_to: Tensor, scored: Tensor, growth: Growth
) -> None:
    """Note a round, and let join what lowered the answer by enough."""
    falls = [span.log_probability - float(value) for value in fell_to]
    enough = [
        number
        for number, fall in enumerate(falls)
        if fall >= (growth.fall if len(trials[number]) <= 1 else growth.fall_of_group)
    ]
    taken = None
    if enough:
        largest = max(falls[number] for number in enough)
        as_good = [number for number in enough if falls[number] >= _AS_GOOD * largest]
        taken = min(as_good, key=lambda number: (len(trials[number]), -falls[number]))
        span.columns, span.scores = tried[taken].clone(), scored[taken]
        span.log_probability, span.spread = float(fell_to[taken]), True
    span.rounds.append(Round(tuple(trials), tuple(fell_to.exp().tolist()), taken))


def beside(columns: Tensor, grid: tuple[int, int] | None) -> Tensor:
    """The columns and their neighbours, bool `[keys]`: eight around a patch of a grid, two in a line.

    Args:
        columns: bool `[keys]`.
        grid: rows and columns of the patches, which are the last keys; `None` for a line.

    Example:
        >>> beside(torch.tensor([False, False, True, False, False]), None).nonzero().flatten().tolist()
        [1, 2, 3]
        >>> beside(torch.tensor([False, True, False, False, False]), (2, 2)).nonzero().flatten().tolist()
        [1, 2, 3, 4]
    """
    if grid is None:
        return torch.nn.functional.max_pool1d(columns.float()[None, None], 3, 1, 1)[0, 0] > 0
    patches = grid[0] * grid[1]
    around = torch.nn.functional.max_pool2d(columns[-patches:].float().reshape(1, 1, *grid), 3, 1, 1) > 0
    return torch.cat([torch.zeros_like(columns[:-patches]), around.flatten()])


def growable(valid: Tensor, grid: tuple[int, int] | None) -> Tensor:
    """The columns that may join a span, bool `[n, keys]`: patches, or what is neither padding nor the model's own.

    Args:
        valid: bool `[n, keys]`, `False` for padding.
        grid: as in `Growth`.

    Example:
        >>> growable(torch.ones(1, 5, dtype=torch.bool), (2, 2)).tolist()
        [[False, True, True, True, True]]
    """
    if grid is None:
        return inner_columns(valid)
    inner = torch.zeros_like(valid)
    inner[:, -grid[0] * grid[1] :] = True
    return inner & valid
