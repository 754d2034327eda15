"""A block that repairs maps, and what it reports about the last forward pass."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from torch import Tensor, nn

from ..detector.following import Following
from ..errors import DetectorError, InputError
from .block import Block
from .interface import held_configs
from .layers import existing_layers, find_layers
from .session import Forward, Repair, Session


@dataclass
class Fix:
    """What a `hotfix` did in the last forward pass.

    Attributes:
        scores: for each layer `[batch, heads, keys]`, 0 to 1, or `None` where the layer was not looked at.
        flagged: for each layer bool `[batch, heads, keys]`, or `None` where the layer was not looked at.
        following: for each input of the batch how its flags were followed; `None` for an input without flags, and empty
            for a detector that does not follow any.
        unreadable: numbers of the inputs, from 0, whose maps hold values that are no numbers: they are neither judged
            nor repaired.
    """

    scores: tuple[Tensor | None, ...] = ()
    flagged: tuple[Tensor | None, ...] = ()
    following: tuple[Following | None, ...] = ()
    unreadable: tuple[int, ...] = ()


def repairing(model: nn.Module, repair: Repair) -> Block[Fix]:
    """A block that repairs the maps in every forward pass of a model.

    Args:
        model: a Transformers model.
        repair: what is looked for, and how it is repaired.

    Returns:
        A block for `with`, which yields the `Fix`. Opening it raises what `hotfix` raises.
    """

    def prepare() -> tuple[Session, Fix]:
        found = find_layers(model)
        detector = repair.detector
        if detector is not None and detector.layers != len(found):
            raise DetectorError(
                f"This detector was made for a model with {detector.layers} attention layers, this model has "
                f"{len(found)}: use the detector that was trained for it."
            )
        by_hand = existing_layers((column.layer for column in repair.columns), len(found))
        fix = Fix()

        def publish(forward: Forward) -> None:
            fix.scores = tuple(forward.scores.get(layer) for layer in range(len(found)))
            fix.flagged = tuple(forward.flagged.get(layer) for layer in range(len(found)))
            fix.following = forward.following
            fix.unreadable = _unreadable(forward)

        needed = repair.watched | frozenset(by_hand)
        return Session(model, found, needed, repair, publish, held_configs(model, found)), fix

    return Block("hotfix", prepare)


def _unreadable(forward: Forward) -> tuple[int, ...]:
    """The inputs that could not be judged, which a warning names. Raises `InputError` when none could be."""
    if forward.unreadable is None:
        return ()
    inputs = tuple(forward.unreadable.nonzero().flatten().tolist())
    if len(inputs) == len(forward.unreadable):
        raise InputError(
            "The attention to this input holds values that are no numbers, so the input probably does, too: look for "
            "NaN or infinity in it."
        )
    named = ", ".join(str(number + 1) for number in inputs)
    warnings.warn(
        f"Of {len(forward.unreadable)} inputs number {named} gives attention that is no number and is left as it is: "
        "look for NaN or infinity in it. The others are answered.",
        RuntimeWarning,
        stacklevel=2,
    )
    return inputs
