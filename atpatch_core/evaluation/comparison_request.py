"""A comparison that somebody asks for, as a value that can be written down: model, data, attacks, defences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from .. import jobs, limits
from ..digest import digest_of, is_digest
from ..errors import ComparisonError, InputError
from ..files.damaged import DamagedError
from ..files.values import listed, mapping, number, text, whole
from ..subjects.subject import Subject
from .attacks import Trigger, attacks_as_data, attacks_from_data
from .defences.catalogue import Method
from .evaluate import apply_trigger
from .modalities import MODALITIES
from .trial import Attack

_LONGEST_PATH = 5_000  # characters
_LONGEST_NAME = 5_000


@dataclass(frozen=True)
class ComparisonRequest:
    """A comparison that is to be made.

    Attributes:
        subject: folder of the model.
        version: name of the version of its detector; `None` for a model without one.
        files: the `stamp` of the model and that version: with any change of them, it is another comparison.
        uploads: the folder of uploaded files.
        upload: digest of the one that holds the labelled inputs; empty for the model's own evaluation data.
        count: how many of the inputs are drawn.
        attacks: by name; none for records.
        defences: their names.
        false_positive_rate: the share of clean inputs that a defence may flag.
        seeds: how many runs.
    """

    subject: Path
    version: str | None
    files: str
    uploads: Path
    upload: str
    count: int
    attacks: Mapping[str, Trigger]
    defences: tuple[str, ...]
    false_positive_rate: float
    seeds: int

    @cached_property
    def key(self) -> str:
        """The same for the same comparison only; where uploads are makes no difference."""
        identity = {name: value for name, value in self.as_data().items() if name != "uploads"}
        return digest_of(json.dumps(identity).encode())[:32]

    @property
    def seed_numbers(self) -> Sequence[int]:
        """The seeds of the runs."""
        return range(self.seeds)

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "subject": str(self.subject.resolve()),
            "version": self.version,
            "files": self.files,
            "uploads": str(self.uploads.resolve()),
            "upload": self.upload,
            "count": self.count,
            "attacks": attacks_as_data(self.attacks),
            "defences": list(self.defences),
            "false_positive_rate": self.false_positive_rate,
            "seeds": self.seeds,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ComparisonRequest:
        """From JSON. Raises `KeyError`, `TypeError` or `ValueError` when it is no request."""
        if not is_digest(text(data["files"], 64)) or not (data["upload"] == "" or is_digest(text(data["upload"], 64))):
            raise DamagedError("It names files by no digest.")
        return cls(
            Path(text(data["subject"], _LONGEST_PATH, least=1)),
            None if data["version"] is None else text(data["version"], _LONGEST_NAME),
            data["files"],
            Path(text(data["uploads"], _LONGEST_PATH, least=1)),
            data["upload"],
            whole(data["count"], 1, limits.TABLES.rows),
            attacks_from_data(mapping(data["attacks"], limits.ATTACKS.attacks)),
            tuple(text(name, _LONGEST_NAME) for name in listed(data["defences"], limits.COMPARISONS.defences)),
            number(data["false_positive_rate"], 0, 1),
            whole(data["seeds"], 1, limits.COMPARISONS.runs),
        )

    def methods(self, subject: Subject) -> dict[str, Method]:
        """The defences, made for `subject`. Raises `InputError` for one that is not known, `DetectorError`."""
        known = MODALITIES[subject.kind].defences(subject)
        unknown = [name for name in self.defences if name not in known]
        if unknown:
            raise InputError(f"There is no defence {unknown[0]} any more: compare again.")
        return {name: known[name] for name in self.defences}

    def attack_functions(self) -> dict[str, Attack]:
        """The attacks, as `compare` takes them."""
        return {name: partial(apply_trigger, trigger) for name, trigger in self.attacks.items()}


KIND = jobs.Kind(
    "comparison", ComparisonRequest.from_data, jobs.Status, ComparisonError, "compare on fewer inputs", kept=30
)
