"""Run a model again for a detector that follows its flags, with hot-fixes for columns that are already known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..detector.contract import ColumnDetector
from ..detector.following import Seen
from ..detector.following import follow as follow_flags
from ..detector.known import Carried, KnownColumns
from ..redistribution import shut_out
from .capture import capture
from .fix import repairing
from .session import Call, Forward, Repair, Repaired, logits_of


def follow(call: Call, output: Any, forward: Forward, repair: Repair) -> Repaired | None:
    """Run the model again with everything repaired that its flags lead to.

    Args:
        call: the model and what it was called with.
        output: what it answered, with nothing but the columns named by hand repaired.
        forward: what was seen meanwhile; how flags were followed is noted in it.
        repair: what the hot-fix looks for, and how it repairs.

    Returns:
        `None` if the flags lead nowhere.

    Raises:
        HotfixError: the model is no classifier, whose answer could be followed.
    """
    detector = repair.detector
    if detector is None:
        return None
    seen = Seen(forward.scores, forward.found, forward.valid, forward.tokens)
    followed = follow_flags(
        seen, detector, repair.flagging, HotfixReruns(call, output, repair, detector), repair.follow_rows
    )
    forward.scores, forward.following = dict(followed.scores), followed.following
    return followed.rerun


@dataclass(frozen=True)
class HotfixReruns:
    """Runs the model of a call again, each time in a hot-fix of its own (see `Reruns`).

    Attributes:
        call: the model and what it was called with.
        output: what it answered at first.
        repair: what the hot-fix looks for, and how it repairs.
        detector: that of `repair`, which is known to be there.
    """

    call: Call
    output: Any
    repair: Repair
    detector: ColumnDetector

    def logits(self) -> Tensor:
        """What the model answered at first, `[batch, classes]`.

        Raises:
            HotfixError: it is no classifier.
        """
        return logits_of(self.output)

    def in_place(self) -> Repaired:
        """Run it with each column redistributed where the detector flags it, and those named by hand."""
        return _repaired(self.call, replace(self.repair, follow=None))

    def repaired(self, columns: Tensor, layers: tuple[int, ...], base: Mapping[int, Tensor] | None = None) -> Repaired:
        """Run it with `columns` (bool `[batch, keys]`), and those named by hand, redistributed in `layers`.

        Args:
            columns: redistributed in all heads, bool `[batch, keys]`.
            layers: numbers of the layers in which they are.
            base: what is redistributed besides, for each layer bool `[batch, heads, keys]`; nothing by default.
        """
        return _repaired(self.call, self._carrying(Carried(self.detector, columns, layers, base or {})))

    def on_trial(self, rows: Tensor, columns: Tensor, layers: tuple[int, ...], base: Mapping[int, Tensor]) -> Repaired:
        """Run some of the inputs with some columns, and those named by hand, redistributed.

        Args:
            rows: numbers of the inputs, int64 `[n]`; an input may occur several times.
            columns: the columns to redistribute in each of them, bool `[n, keys]`.
            layers: numbers of the layers in which they are redistributed, in all heads.
            base: what is redistributed besides, for each layer bool `[batch, heads, keys]`.

        Returns:
            Answers and maps of these `n` inputs.
        """
        own = {layer: flags[rows] for layer, flags in base.items()}
        with torch.no_grad():
            return _repaired(self._some(rows), self._carrying(Carried(self.detector, columns, layers, own)))

    def _carrying(self, carried: Carried) -> Repair:
        return Repair(carried, frozenset(carried.watched), None, self.repair.columns, self.repair.formula)

    def shut_out(self, rows: Tensor, columns: Tensor, layers: tuple[int, ...]) -> Tensor:
        """Its answers to some of the inputs, with all attention to some columns shut out.

        Args:
            rows: numbers of the inputs, int64 `[n]`; an input may occur several times.
            columns: the columns to shut out in each of them, bool `[n, keys]`.
            layers: numbers of the layers in which they are shut out, in all heads.

        Returns:
            Logits, `[n, classes]`.
        """
        some = self._some(rows)
        known = KnownColumns(self.detector.layers, dict.fromkeys(layers, columns[:, None]))
        with torch.no_grad(), repairing(self.call.model, Repair(known, frozenset(layers), None, (), shut_out)):
            logits: Tensor = some.model(*some.args, **some.arguments).logits
        return logits

    def _some(self, rows: Tensor) -> Call:
        """The call for some of its inputs, without their labels: a loss is of no use to a trial."""
        batch = len(self.logits())
        named = {name: value for name, value in self.call.arguments.items() if name != "labels"}
        return Call(
            self.call.model,
            tuple(_rows(value, rows, batch) for value in self.call.args),
            {name: _rows(value, rows, batch) for name, value in named.items()},
        )


def _repaired(call: Call, repair: Repair) -> Repaired:
    with repairing(call.model, repair) as fix, capture(call.model) as kept:
        output = call.model(*call.args, **call.arguments)
    flagged = {layer: flags for layer, flags in enumerate(fix.flagged) if flags is not None}
    scores = {layer: values for layer, values in enumerate(fix.scores) if values is not None}
    return Repaired(output, flagged, kept.layers, scores)


def _rows(value: Any, rows: Tensor, batch: int) -> Any:
    """The `rows` of an argument that has a row for each input of the batch."""
    return value[rows.to(value.device)] if isinstance(value, Tensor) and len(value) == batch else value
