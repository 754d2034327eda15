"""What a model's `config.json` must not say, found before anything is built from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SubjectError

_LONGEST = 100  # characters of a config shown in a sentence


def shown_name(folder: Path) -> str:
    """The name of a folder as text that can be shown anywhere: bytes that are not UTF-8 are replaced."""
    return os.fsencode(folder.name).decode("utf-8", "replace")


def check_config(called: str, settings: Mapping[str, Any]) -> None:
    """Check that a model is not quantised and that its classes have names and numbers.

    Args:
        called: the name of its folder, for the message.
        settings: the content of its `config.json`.

    Raises:
        SubjectError: the model can't be used.
    """
    quantised = settings.get("quantization_config") or settings.get("compression_config")
    if quantised:
        method = quantised.get("quant_method") if isinstance(quantised, Mapping) else None
        by = f" by {method[:_LONGEST]}" if isinstance(method, str) else ""
        raise SubjectError(
            f"{called} is quantised{by}, and attention can only be read and repaired in full precision: save the model "
            "in full precision."
        )
    _check_labels(called, settings.get("id2label"))


def _check_labels(called: str, names: Any) -> None:
    """Classes are numbered as the outputs of the model are: 0, 1, 2, \u2026"""
    if names is None:
        return
    if not isinstance(names, Mapping) or not names:
        raise SubjectError(
            f'The id2label in the config.json of {called} is no list of classes: write it as {{"0": "first name", '
            '"1": "second name"}.'
        )
    numbers = sorted((_number(name) for name in names), key=lambda number: (number is None, number))
    if numbers != list(range(len(names))):
        found = ", ".join(list(names)[:3])[:_LONGEST]
        raise SubjectError(
            f"The id2label in the config.json of {called} numbers its classes {found}, \u2026: number them 0, 1, 2, "
            "\u2026 in the order of the model's outputs."
        )
    if not all(isinstance(name, str | int | float) for name in names.values()):
        raise SubjectError(
            f"The id2label in the config.json of {called} holds names that are no text: write them as text."
        )


def _number(text: Any) -> int | None:
    """The number that Transformers makes of a class's key, if it is one."""
    try:
        return int(text)
    except ValueError:
        return None
