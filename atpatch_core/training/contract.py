"""What was asked for, how far it is, and what became of it, as values that can be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..digest import digest_of
from ..files.values import listed, mapping, number, text, whole
from .learning import Settings
from .sources import Sources

_LONGEST_PATH = 5_000  # characters
_LONGEST_NOTE = 100_000
_MOST_SOURCES = 100
_LATEST = 1e11  # seconds since 1970; for the calendar's end


class State(StrEnum):
    """Where a training is."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


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
class Status:
    """How far a training is.

    Attributes:
        state: where it is.
        stage: what is being done.
        progress: 0 to 1.
        began: seconds since 1970.
        changed: seconds since 1970.
        process: number of its process; `None` until that runs.
        problem: a sentence on why it failed; `None` if it did not.
        auroc: area under the ROC curve of the finished detector on held-out inputs; `None` if that is not known.
    """

    state: State
    stage: str = "starting"
    progress: float = 0.0
    began: float = 0.0
    changed: float = 0.0
    process: int | None = None
    problem: str | None = None
    auroc: float | None = None

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "state": self.state.value}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Status:
        """From JSON. Raises `KeyError`, `TypeError` or `ValueError` when it is no status."""
        return cls(
            state=State(data["state"]),
            stage=text(data["stage"], _LONGEST_PATH),
            progress=number(data["progress"], 0, 1),
            began=number(data["began"], 0, _LATEST),
            changed=number(data["changed"], 0, _LATEST),
            process=None if data["process"] is None else whole(data["process"], 1, 2**31),
            problem=None if data["problem"] is None else text(data["problem"], _LONGEST_NOTE),
            auroc=None if data["auroc"] is None else number(data["auroc"], 0, 1),
        )


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


@dataclass(frozen=True)
class Training:
    """A training in the store.

    Attributes:
        id: ids sort by the time they were asked for.
        request: what was asked for.
        status: how far it is.
    """

    id: str
    request: Request
    status: Status

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status.state is not State.RUNNING

    def seconds_left(self, now: float) -> float | None:
        """About how long it still takes at time `now` (seconds since 1970); `None` while that can't be estimated."""
        share = self.status.progress
        if self.over or share < 0.05:
            return None
        spent = self.status.changed - self.status.began
        return max(0.0, spent * (1 - share) / share - (now - self.status.changed))
