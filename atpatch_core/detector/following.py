"""Follow the flags of a detector to the other columns that carry the hijack, and repair them all.

A detector with a `Growth` has the span of the trigger grown from what it flags (`growth.py`).
A detector with a `Reach` is one for triggers of several columns of which only one may stand out: its flags are first
followed to the whole run of columns that carries the hijack (`reach.py`), and then the model runs again with all of
them redistributed. Where nothing is flagged, nothing runs twice. Where the model is as sure of its answer with all of
that redistributed, the flag was a false alarm, or the answer rests on something else: it is cleared.

How the model is run again is not known here: the code that intercepts it passes a `Reruns`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from ..errors import HotfixError
from .contract import ColumnDetector, Manner
from .flagging import Flagging, scores_of
from .growth import Growth, Round, Span, grow, growable
from .joint import Jointly, joint_scores
from .reach import Budget, Reach, log_odds, trigger_columns

# How much one trial forward takes: larger ones need more memory, smaller ones more forwards. No measurement is kept.
_CELLS = 4_000_000  # entries of the maps of one head, whatever the length of the inputs
_PROBED = 64  # inputs, at most


@dataclass(frozen=True)
class Following:
    """What it took to follow an input's flags to the rest of the trigger.

    Attributes:
        forwards: forward passes beyond the first one.
        most: the most forward passes allowed for an input of this length.
        complete: whether the search ended on its own; if not, it reached its bound, and only what it had found is
            repaired.
        seconds: time taken, for the whole batch.
        cleared: the flagged columns (keys) if the answer turned out not to depend on them: with all of them and
            everything they led to redistributed, the model was as sure as before, so nothing is redistributed.
        entry: the columns (keys) that were flagged, where a span was grown from them; empty for other ways to follow.
        entry_probability: of the answer under suspicion, which the untouched model gave, with the entry redistributed;
            `None` where no span was grown.
        rounds: what was tried to grow the span, and what it did.
    """

    forwards: int
    most: int
    complete: bool
    seconds: float
    cleared: tuple[int, ...] = ()
    entry: tuple[int, ...] = ()
    entry_probability: float | None = None
    rounds: tuple[Round, ...] = ()


class Rerun(Protocol):
    """What a model gives while columns are repaired."""

    @property
    def logits(self) -> Tensor:
        """Its answers, `[batch, classes]`. Raises `HotfixError` for a model that is no classifier."""
        ...

    @property
    def maps(self) -> Sequence[Tensor]:
        """The map of each layer, `[batch, heads, queries, keys]`."""
        ...

    @property
    def flagged(self) -> Mapping[int, Tensor]:
        """What was redistributed in each layer, bool `[batch, heads, keys]`."""
        ...

    @property
    def scores(self) -> Mapping[int, Tensor]:
        """By which scores, `[batch, heads, keys]`, in the layers that the detector looked at."""
        ...


Again = TypeVar("Again", bound=Rerun)
Again_co = TypeVar("Again_co", bound=Rerun, covariant=True)


class Reruns(Protocol[Again_co]):
    """How a model is run again on the same inputs."""

    def logits(self) -> Tensor:
        """What it answered at first, `[batch, classes]`. Raises `HotfixError` for a model that is no classifier."""
        ...

    def in_place(self) -> Again_co:
        """Run it with each column redistributed where the detector flags it, and nowhere else."""
        ...

    def repaired(self, columns: Tensor, layers: tuple[int, ...], base: Mapping[int, Tensor] | None = None) -> Again_co:
        """Run it with some columns redistributed.

        Args:
            columns: the columns, bool `[batch, keys]`.
            layers: numbers of the layers in which they are redistributed, in all heads.
            base: what is redistributed besides, for each layer bool `[batch, heads, keys]`; nothing by default.
        """
        ...

    def on_trial(self, rows: Tensor, columns: Tensor, layers: tuple[int, ...], base: Mapping[int, Tensor]) -> Rerun:
        """Run some of the inputs with some columns redistributed.

        Args:
            rows: numbers of the inputs, int64 `[n]`; an input may occur several times.
            columns: the columns to redistribute in each of them, bool `[n, keys]`.
            layers: numbers of the layers in which they are redistributed, in all heads.
            base: what is redistributed besides, for each layer bool `[batch, heads, keys]`.

        Returns:
            Answers and maps of these `n` inputs.
        """
        ...

    def shut_out(self, rows: Tensor, columns: Tensor, layers: tuple[int, ...]) -> Tensor:
        """Its answers to some of the inputs, with all attention to some columns shut out.

        Args:
            rows: numbers of the inputs, int64 `[n]`; an input may occur several times.
            columns: the columns to shut out in each of them, bool `[n, keys]`.
            layers: numbers of the layers in which they are shut out, in all heads.

        Returns:
            Logits, `[n, classes]`.
        """
        ...


@dataclass(frozen=True)
class Seen:
    """What a detector saw of a batch.

    Attributes:
        scores: of each layer that was looked at, `[batch, heads, keys]`.
        found: the flags to be followed in each of these layers, bool `[batch, keys]`.
        valid: bool `[batch, keys]`, `False` for padding; `None` if no layer was looked at.
        tokens: of texts, int64 `[batch, keys]`, or their vectors `[batch, keys, size]`; `None` for other inputs.
    """

    scores: Mapping[int, Tensor]
    found: Mapping[int, Tensor]
    valid: Tensor | None
    tokens: Tensor | None

    @property
    def flagged(self) -> Tensor:
        """The columns that are flagged in any layer, bool `[batch, keys]`."""
        return torch.stack(list(self.found.values())).any(0)


@dataclass(frozen=True)
class Followed(Generic[Again_co]):
    """Where the flags led.

    Attributes:
        scores: the scores by which columns were flagged, for each layer `[batch, heads, keys]`.
        rerun: the model with everything repaired; `None` where nothing is to be repaired.
        following: for each input of the batch how its flags were followed, `None` for an input without flags; empty
            where none had to be followed.
    """

    scores: Mapping[int, Tensor]
    rerun: Again_co | None = None
    following: tuple[Following | None, ...] = ()


def follow(
    seen: Seen,
    detector: ColumnDetector,
    flagging: Flagging,
    model: Reruns[Again],
    rows: int | None = None,
) -> Followed[Again]:
    """Run the model again with everything repaired that its flags lead to.

    Args:
        seen: scores and flags of the first forward pass, in which nothing was repaired yet.
        detector: looks at the maps again once they are repaired.
        flagging: from which scores on a column is flagged.
        model: runs the model again.
        rows: how many trials each input may cost; by default as many as the detector says.

    Returns:
        The model's last run, and how it was arrived at.

    Raises:
        HotfixError: the model is no classifier, whose answer could be followed, or no layer was looked at.
    """
    manner = Manner.of(detector)
    reach, growth = manner.reach, manner.growth
    if isinstance(reach, Jointly):
        seen = _judged_jointly(seen, flagging)
    if not any(bool(flags.any()) for flags in seen.found.values()):
        return Followed(seen.scores)
    if growth is not None and rows != 0:
        if isinstance(reach, Jointly):
            start = model.repaired(seen.flagged, reach.layers)
            base = {layer: seen.flagged[:, None].expand_as(start.flagged[layer]) for layer in reach.layers}
        else:
            start, valid = model.in_place(), _valid(seen)
            seen = replace(seen, scores=start.scores)
            base = {layer: flagging.flagged(scores, valid[:, None]) for layer, scores in start.scores.items()}
        try:
            model.logits()
        except HotfixError:  # what gives no answer has none to ask about
            return Followed(seen.scores, start)
        return grown_from(start, base, seen, detector, growth, model, rows)
    if isinstance(reach, Jointly):
        return Followed(seen.scores, model.repaired(seen.flagged, reach.layers))
    if reach is None:
        raise HotfixError("This detector has nothing to say about how its flags are followed.")
    return _followed(seen, detector, reach, flagging, model, rows)


def grown_from(
    start: Again,
    base: Mapping[int, Tensor],
    seen: Seen,
    detector: ColumnDetector,
    growth: Growth,
    model: Reruns[Again],
    rows: int | None = None,
) -> Followed[Again]:
    """Run the model again with the spans repaired that grow from an entry.

    Args:
        start: the model with the entry redistributed where it is flagged.
        base: what is flagged, for each layer bool `[batch, heads, keys]`; inputs without any flag take no part.
        seen: the first forward pass, in which nothing was repaired yet.
        detector: scores columns while the model is repaired.
        growth: how spans are grown.
        model: runs the model again.
        rows: how many trials each input may cost; by default as many as `growth` says.

    Raises:
        HotfixError: the model is no classifier, or no layer was looked at.
    """
    started = time.perf_counter()
    valid = _valid(seen)
    first = model.logits()
    suspect = first.argmax(-1)
    rerun = start
    entry = torch.stack([flags.any(1) for flags in base.values()]).any(0)
    again = _scores_again(start.maps, seen, detector, valid, seen.tokens)
    numbers = entry.any(-1).nonzero().flatten()
    at_once = _at_once(valid)

    def probe(some: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        inputs = numbers[some.to(numbers.device)]
        found = []
        for part, chosen in zip(torch.split(inputs, at_once), torch.split(columns, at_once), strict=True):
            tried = model.on_trial(part, chosen.to(entry.device), growth.layers, base)
            tokens = None if seen.tokens is None else seen.tokens[part]
            scored = _scores_again(tried.maps, seen, detector, valid[part], tokens)
            found.append((log_probability(tried.logits, suspect[part]).cpu(), scored.cpu()))
        return torch.cat([sure for sure, _ in found]), torch.cat([scored for _, scored in found])

    most = growth.rows if rows is None else rows
    sure = log_probability(start.logits, suspect)
    spans = grow(
        entry[numbers].cpu(),
        sure[numbers].cpu(),
        again[numbers].cpu(),
        growable(valid, growth.grid)[numbers].cpu(),
        growth,
        most,
        probe,
    )
    spread = torch.zeros_like(entry)
    for number, span in zip(numbers.tolist(), spans, strict=True):
        spread[number] = span.columns.to(entry.device) & span.spread
    further = bool(spread.any())
    if further:
        rerun = model.repaired(spread, growth.layers, base)
    cleared = _cleared(first, rerun.logits, entry, (valid & ~(entry | spread)).any(-1), growth.as_sure)
    left = bool((entry.any(-1) & ~cleared).any())
    if left and bool(cleared.any()):
        kept = {layer: flags & ~cleared[:, None, None] for layer, flags in base.items()}
        rerun = model.repaired(spread & ~cleared[:, None], growth.layers, kept)
    seconds = time.perf_counter() - started
    following: list[Following | None] = [None] * len(entry)
    for number, span in zip(numbers.tolist(), spans, strict=True):
        began = float(sure[number].exp())
        following[number] = _grown(span, entry[number], began, bool(cleared[number]), 1 + further, most, seconds)
    return Followed(seen.scores, rerun if left else None, tuple(following))


def _grown(span: Span, entry: Tensor, began: float, cleared: bool, runs: int, most: int, seconds: float) -> Following:
    flagged = tuple(entry.nonzero().flatten().tolist())
    return Following(
        forwards=span.rows + runs,
        most=most + 2,
        complete=span.complete,
        seconds=seconds,
        cleared=flagged if cleared else (),
        entry=flagged,
        entry_probability=began,
        rounds=tuple(span.rounds),
    )


def log_probability(logits: Tensor, answer: Tensor) -> Tensor:
    """That of `answer` (int64 `[n]`) by logits `[n, classes]`, in nats, `[n]`."""
    return logits.float().log_softmax(-1).gather(1, answer[:, None]).squeeze(1)


def _valid(seen: Seen) -> Tensor:
    if seen.valid is None:
        raise HotfixError("This detector follows triggers from layers that it watches, but it watched none.")
    return seen.valid


def _scores_again(
    maps: Sequence[Tensor], seen: Seen, detector: ColumnDetector, valid: Tensor, tokens: Tensor | None
) -> Tensor:
    """One score of each column from the maps of a repaired model, `[n, keys]`."""
    again = [scores_of(detector, layer, maps[layer], valid, tokens) for layer in seen.found]
    return column_scores(again, detector)


def column_scores(scores: Sequence[Tensor], detector: ColumnDetector) -> Tensor:
    """One score of each column, float32 `[batch, keys]`, by which a detector would flag it first.

    Args:
        scores: of each watched layer, `[batch, heads, keys]`.
        detector: whose layers judge together, or each on its own.
    """
    return joint_scores(scores) if isinstance(Manner.of(detector).reach, Jointly) else _highest(scores)


def _judged_jointly(seen: Seen, flagging: Flagging) -> Seen:
    """The same with the columns' joint score in every head of the watched layers, and flagged by it."""
    if seen.valid is None or not seen.scores:
        return seen
    joint = joint_scores(list(seen.scores.values()))
    flagged = flagging.flagged(joint, seen.valid)
    return replace(
        seen,
        scores={layer: joint[:, None].expand_as(scores) for layer, scores in seen.scores.items()},
        found=dict.fromkeys(seen.scores, flagged),
    )


def _followed(
    seen: Seen, detector: ColumnDetector, reach: Reach, flagging: Flagging, model: Reruns[Again], rows: int | None
) -> Followed[Again]:
    """Repair what the flags lead to, look again, and repair what is flagged then, too, until nothing is.

    An input whose answer turns out not to hang on any of it is left as it is.
    """
    started = time.perf_counter()
    valid = _valid(seen)
    scores = _highest([seen.scores[layer] for layer in seen.found])
    at_first = flagged = seen.flagged
    first = logits = model.logits()
    followed = flagged.any(-1)
    columns = torch.zeros_like(valid)
    budget = Budget.for_inputs(valid, rows)
    for _ in range(reach.looks):
        columns = columns | _trigger_columns(logits, scores, flagged, valid, columns, reach, budget, model)
        budget.spend_on_answers(flagged.any(-1))
        rerun = model.repaired(columns, reach.layers)
        logits = rerun.logits
        scores = _scores_again(rerun.maps, seen, detector, valid, seen.tokens).masked_fill(columns, 0.0)
        flagged = flagging.flagged(scores, valid) & ~columns
        flagged &= budget.worth_another_look(flagged.any(-1))[:, None]
        if not bool(flagged.any()):
            break
    cleared = _cleared(first, logits, at_first, (valid & ~columns).any(-1), reach.as_sure)
    left = bool((followed & ~cleared).any())
    if left and bool(cleared.any()):
        rerun = model.repaired(columns & ~cleared[:, None], reach.layers)
    seconds = time.perf_counter() - started
    following = tuple(
        Following(
            budget.spent[row],
            budget.most[row],
            not budget.ended_early[row],
            seconds,
            tuple(at_first[row].nonzero().flatten().tolist()) if bool(cleared[row]) else (),
        )
        if bool(was_followed)
        else None
        for row, was_followed in enumerate(followed)
    )
    return Followed(seen.scores, rerun if left else None, following)


def _cleared(before: Tensor, after: Tensor, entry: Tensor, spared: Tensor, as_sure: float) -> Tensor:
    """The inputs of which the model is as sure with everything redistributed, bool `[batch]`.

    Such an answer does not depend on what was flagged. One that changes does, even where the model was torn between two
    from the start. Where every column is to be redistributed, nothing is, so that an answer that stays says nothing.

    Args:
        before: logits of the untouched model, `[batch, classes]`.
        after: those with everything redistributed, of the same shape.
        entry: what was flagged, bool `[batch, keys]`.
        spared: whether any column is left as it is, bool `[batch]`.
        as_sure: how much of its log-odds an answer may lose.
    """
    answer = before.argmax(-1)
    lost = log_odds(before, answer) - log_odds(after, answer)
    stays = (lost < as_sure) & (after.argmax(-1) == answer)
    return entry.any(-1) & spared & stays.to(entry.device)


def _highest(scores: Sequence[Tensor]) -> Tensor:
    """The highest score of each column in any head of any layer, float32 `[batch, keys]`."""
    return torch.stack([of_layer.float().amax(1) for of_layer in scores]).amax(0)


def _trigger_columns(
    logits: Tensor,
    scores: Tensor,
    flagged: Tensor,
    valid: Tensor,
    repaired: Tensor,
    reach: Reach,
    budget: Budget,
    model: Reruns[Rerun],
) -> Tensor:
    """The flagged columns and the runs around them that carry the hijack, bool `[batch, keys]`."""
    at_once = _at_once(valid)

    def probe(rows: Tensor, shut: Tensor) -> Tensor:
        parts = zip(torch.split(rows, at_once), torch.split(shut, at_once), strict=True)
        return torch.cat([model.shut_out(some, columns, reach.layers) for some, columns in parts])

    found = trigger_columns(
        scores.cpu(), flagged.cpu(), valid.cpu(), repaired.cpu(), logits.cpu(), probe, reach, budget
    )
    return found.to(logits.device)


def _at_once(valid: Tensor) -> int:
    """How many inputs of this length (`valid`: bool `[batch, keys]`) are tried in one forward."""
    return max(1, min(_PROBED, _CELLS // valid.shape[1] ** 2))
