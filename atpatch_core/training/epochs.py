"""The epochs of a training in a file: one line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from .. import limits
from ..detector.learning_curve import Epoch
from ..files.content import read_bytes
from ..files.damaged import DamagedError, OversizeError
from ..files.json_files import parse_json
from ..files.values import mapping, number, text, whole

FILE = "epochs.jsonl"
_MOST_FIELDS = 10
_LONGEST_NAME = 200  # characters


def add_epoch(epoch: Epoch, folder: Path) -> None:
    """Write down one more epoch of the training in `folder`. Raises `OSError`."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(epoch)) + "\n")


def read_epochs(folder: Path) -> tuple[Epoch, ...]:
    """Every epoch of the training in `folder` so far, as far as they are sound."""
    try:
        lines = read_bytes(folder / FILE, limits.JSON.bytes).splitlines()
    except (OSError, OversizeError):
        return ()
    found = []
    for line in lines:
        with suppress(ValueError, TypeError, KeyError):  # the last one may be half written
            found.append(_epoch(mapping(parse_json(line), _MOST_FIELDS)))
    return tuple(found)


def _epoch(raw: Mapping[str, Any]) -> Epoch:
    """An epoch from a line of JSON; a loss that is no number any more is one. Raises `ValueError`, `KeyError`."""
    if set(raw) != {entry.name for entry in fields(Epoch)}:
        raise DamagedError("It is no epoch.")
    loss = raw["loss"]
    return Epoch(
        network=text(raw["network"], _LONGEST_NAME),
        number=whole(raw["number"]),
        of=whole(raw["of"]),
        loss=loss if isinstance(loss, float) else number(loss),
        auroc=None if raw["auroc"] is None else number(raw["auroc"], 0, 1),
    )
