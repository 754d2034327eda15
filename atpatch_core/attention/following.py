"""Follow the flags of a detector to the other columns that carry the hijack, and repair them all.

A detector with a `reach` is one for triggers of several columns of which only one may stand out: its flags are first
followed to the whole run of columns that carries the hijack (`detector/reach.py`), and then the model runs again with
all of them redistributed. Where nothing is flagged, nothing runs twice. Where the model is as sure of its answer with
all of that redistributed, the flag was a false alarm, or the answer rests on something else: it is cleared.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..detector.contract import ColumnDetector
from ..detector.joint import Jointly, joint_scores
from ..detector.known import KnownColumns
from ..detector.reach import Budget, Carried, Reach, carriers, log_odds
from ..errors import HotfixError
from ..inspection import Following
from ..redistribution import shut_out
from .capture import capture
from .fix import repairing
from .repair import scores_of
from .session import Call, Forward, Repair, Repaired

_CELLS = 4_000_000  # entries of the maps of one head in one trial forward, whatever the length of the inputs
_PROBED = 64  # inputs in one trial forward, at most


def follow(call: Call, output: Any, forward: Forward, repair: Repair) -> Repaired | None:
    """Run the model again with everything repaired that its flags lead to; `None` if there are no flags.

    Args:
        call: the model and what it was called with.
        output: what it answered, with nothing but the columns named by hand repaired.
        forward: what was seen meanwhile; how flags were followed is noted in it.
        repair: what the hot-fix looks for, and how it repairs.

    Raises:
        HotfixError: the model is no classifier, whose answer could be followed.
    """
    reach, detector = repair.reach, repair.detector
    if isinstance(reach, Jointly):
        _judge_jointly(forward, repair)
    if detector is None or reach is None or not any(bool(one.any()) for one in forward.found.values()):
        return None
    if isinstance(reach, Jointly):
        columns = torch.stack(list(forward.found.values())).any(0)
        return _run_repaired(call, repair, detector, columns, reach.layers)
    return _followed(call, output, forward, repair, detector, reach)


def _run_repaired(
    call: Call, repair: Repair, detector: ColumnDetector, columns: Tensor, layers: tuple[int, ...]
) -> Repaired:
    """Run the model again with `columns` (bool `[batch, keys]`) redistributed in all heads of `layers`."""
    carried = Carried(detector, columns, layers)
    again = Repair(carried, frozenset(layers), None, repair.columns, repair.formula)
    with repairing(call.model, again) as fix, capture(call.model) as kept:
        output = call.model(*call.args, **call.arguments)
    return Repaired(output, {layer: one for layer, one in enumerate(fix.flagged) if one is not None}, kept.layers)


def _followed(
    call: Call, output: Any, forward: Forward, repair: Repair, detector: ColumnDetector, reach: Reach
) -> Repaired | None:
    """Repair what the flags lead to, look again, and repair what is flagged then, too, until nothing is.

    An input whose answer turns out not to hang on any of it is left as it is; `None` if that holds for all of them.
    """
    started = time.perf_counter()
    valid = forward.valid
    if valid is None:
        raise HotfixError("This detector follows triggers from layers that it watches, but it watched none.")
    scores = _highest([forward.scores[layer] for layer in forward.found])
    at_first = flagged = torch.stack(list(forward.found.values())).any(0)
    first, followed = _logits(output), flagged.any(-1)
    columns = torch.zeros_like(valid)
    budget = Budget.for_inputs(valid)
    for _ in range(reach.looks):
        columns = columns | _carriers(call, output, scores, flagged, valid, columns, detector, reach, budget)
        budget.spend_on_answers(flagged.any(-1))
        repaired = _run_repaired(call, repair, detector, columns, reach.layers)
        output = repaired.output
        seen = [scores_of(detector, layer, repaired.maps[layer], valid, forward.tokens) for layer in forward.found]
        scores = _highest(seen).masked_fill(columns, 0.0)
        flagged = repair.flagged(scores, valid) & ~columns
        flagged &= budget.worth_another_look(flagged.any(-1))[:, None]
        if not bool(flagged.any()):
            break
    # Where every column is to be redistributed, nothing is, so that an answer that stays says nothing.
    possible = (valid & ~columns).any(-1)
    cleared = _cleared(first, _logits(output), followed & possible, reach)
    if bool((followed & ~cleared).any()) and bool(cleared.any()):
        repaired = _run_repaired(call, repair, detector, columns & ~cleared[:, None], reach.layers)
    seconds = time.perf_counter() - started
    forward.following = tuple(
        Following(
            budget.spent[row],
            budget.most[row],
            not budget.ended_early[row],
            seconds,
            tuple(at_first[row].nonzero().flatten().tolist()) if bool(cleared[row]) else (),
        )
        if bool(one)
        else None
        for row, one in enumerate(followed)
    )
    return repaired if bool((followed & ~cleared).any()) else None


def _cleared(before: Tensor, after: Tensor, followed: Tensor, reach: Reach) -> Tensor:
    """Which of the `followed` inputs are as sure of their answer with everything redistributed, bool `[batch]`.

    `before` and `after` are logits `[batch, classes]`. Such an answer does not hang on what was flagged.
    """
    answer = before.argmax(-1)
    lost = log_odds(before, answer) - log_odds(after, answer)
    return followed & (lost < reach.as_sure).to(followed.device)


def _logits(output: Any) -> Tensor:
    logits = getattr(output, "logits", None)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise HotfixError("This detector follows triggers by the model's answer: call a model for classification.")
    return logits.detach()


def _highest(scores: Sequence[Tensor]) -> Tensor:
    """The highest score of each column in any head of any layer, float32 `[batch, keys]`."""
    return torch.stack([one.float().amax(1) for one in scores]).amax(0)


def _judge_jointly(forward: Forward, repair: Repair) -> None:
    """Give every head of the watched layers the columns' joint score, and flag by it."""
    if forward.valid is None or not forward.scores:
        return
    joint = joint_scores(list(forward.scores.values()))
    flagged = repair.flagged(joint, forward.valid)
    forward.scores = {layer: joint[:, None].expand_as(one) for layer, one in forward.scores.items()}
    forward.found = dict.fromkeys(forward.scores, flagged)


def _carriers(
    call: Call,
    output: Any,
    scores: Tensor,
    flagged: Tensor,
    valid: Tensor,
    repaired: Tensor,
    detector: ColumnDetector,
    reach: Reach,
    budget: Budget,
) -> Tensor:
    """The flagged columns and the runs around them that carry the hijack, bool `[batch, keys]`."""
    logits = _logits(output)
    batch = len(logits)
    at_once = max(1, min(_PROBED, _CELLS // valid.shape[1] ** 2))

    def probe(rows: Tensor, shut: Tensor) -> Tensor:
        answers = []
        for some, columns in zip(torch.split(rows, at_once), torch.split(shut, at_once), strict=True):
            known = KnownColumns(detector.layers, dict.fromkeys(reach.layers, columns[:, None]))
            trial = Repair(known, frozenset(reach.layers), None, (), shut_out)
            with torch.no_grad(), repairing(call.model, trial):
                called = call.model(
                    *(_rows(one, some, batch) for one in call.args),
                    **{name: _rows(one, some, batch) for name, one in call.arguments.items() if name != "labels"},
                )
            answers.append(called.logits)
        return torch.cat(answers)

    found = carriers(scores.cpu(), flagged.cpu(), valid.cpu(), repaired.cpu(), logits.cpu(), probe, reach, budget)
    return found.to(logits.device)


def _rows(value: Any, rows: Tensor, batch: int) -> Any:
    """The `rows` of an argument that has a row for each input of the batch."""
    return value[rows.to(value.device)] if isinstance(value, Tensor) and len(value) == batch else value
