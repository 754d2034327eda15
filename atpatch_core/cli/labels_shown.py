"""What labels teach, shown before a command learns from them, and kept for its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..figures.learnt_from import as_rows
from ..labels.labelled_inputs import LabelledInput
from ..labels.learnt_from import LearntFrom, learnt_from
from .output import tell_table


class LabelsShown:
    """What `learn` tells as `on_labels`, if it learns from labels at all."""

    def __init__(self) -> None:
        self._found: LearntFrom | None = None

    def show(self, inputs: Sequence[LabelledInput]) -> None:
        """Write it to standard error."""
        self._found = learnt_from(inputs)
        tell_table("What is learnt from labels", as_rows(self._found))

    def as_data(self) -> dict[str, Any]:
        """As "learnt_from", for JSON; nothing where no labels were learnt from."""
        return {} if self._found is None else {"learnt_from": asdict(self._found)}
