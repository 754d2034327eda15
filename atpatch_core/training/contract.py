"""What was asked for, how far it is, and what became of it, as values that can be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import jobs
from ..digest import digest_of
from ..errors import TrainingError
from ..files.values import listed, mapping, number, text, whole
from .learning import Settings
from .sources import Sources

_LONGEST_PATH = 5_000  # characters
_LONGEST_NOTE = 100_000
_MOST_SOURCES = 100


@dataclass(frozen=True)
class Request:
    """A training that was asked for.

    Attributes:
        subject: the model's folder.
        sources: where to learn from.
        settings: how to learn.
        version: the name of the detector version that it will become.
        notes: about the version, for people; none by default.
    """

    subject: Path
    sources: Sources
    settings: Settings
    version: str
    notes: str = ""

    @property
    def key(self) -> str:
        """The same for every training of the same model from the same sources: only one of them runs at a time."""
        return digest_of("\n".join((str(self.subject.resolve()), *self.sources.names)).encode())[:32]

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "subject": str(self.subject.resolve()),
            "labels": list(self.sources.labels),
            "debugging_sets": [str(folder.resolve()) for folder in self.sources.debugging_sets],
            "settings": vars(self.settings),
            "version": self.version,
            "notes": self.notes,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Request:
        """From JSON. Raises `KeyError`, `TypeError` or `ValueError` when it is no request."""
        labels, folders = (
            tuple(text(place, _LONGEST_PATH, least=1) for place in listed(data[name], _MOST_SOURCES))
            for name in ("labels", "debugging_sets")
        )
        return cls(
            Path(text(data["subject"], _LONGEST_PATH, least=1)),
            Sources(labels, tuple(map(Path, folders))),
            _settings(mapping(data["settings"], _MOST_SOURCES)),
            text(data["version"], _LONGEST_PATH),
            text(data["notes"], _LONGEST_NOTE),
        )


@dataclass(frozen=True)
class Status(jobs.Status):
    """How far a training is; `auroc` is the finished detector's on held-out inputs."""

    auroc: float | None = None

    @classmethod
    def fields_from(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Every field by its name, checked. Raises `KeyError` or `ValueError` when it is no status."""
        auroc = data["auroc"]
        return {**super().fields_from(data), "auroc": None if auroc is None else number(auroc, 0, 1)}


def _settings(values: Mapping[str, Any]) -> Settings:
    """Raises `TypeError` for a setting that is not known, and `ValueError` for one that is no number."""
    rate = values.get("false_positive_rate")
    checked = {
        "false_positive_rate": None if rate is None else number(rate, 0, 1),
        "variant": text(values.get("variant", Settings.variant), _LONGEST_PATH),
        "contrast": number(values.get("contrast", Settings.contrast), 0),
        "seed": whole(values.get("seed", Settings.seed), -(2**53)),
    }
    return Settings(**{**values, **checked})


KIND = jobs.Kind("training", Request.from_data, Status, TrainingError, "learn from fewer inputs", formerly=True)
Training = jobs.Job[Request, Status]
