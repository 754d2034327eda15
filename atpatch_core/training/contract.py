"""What was asked for, how far it is, and what became of it, as values that can be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..uploads import digest_of
from .learning import Settings
from .sources import Sources


class State(StrEnum):
    """Where a training is."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Request:
    """A training that somebody asks for: of the model in folder `subject`, to become its version `version`."""

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
            "debugging_sets": [str(one.resolve()) for one in self.sources.debugging_sets],
            "settings": vars(self.settings),
            "version": self.version,
            "notes": self.notes,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Request:
        """From JSON. Raises `KeyError`, `TypeError` or `ValueError` when it is no request."""
        return cls(
            Path(data["subject"]),
            Sources(tuple(map(str, data["labels"])), tuple(map(Path, data["debugging_sets"]))),
            Settings(**data["settings"]),
            str(data["version"]),
            str(data["notes"]),
        )


@dataclass(frozen=True)
class Status:
    """How far a training is.

    `progress` goes from 0 to 1; `began` and `changed` are seconds since 1970; `process` is its process' number, once
    it runs. `problem` says in a sentence why it failed; `auroc` is the finished detector's on held-out inputs.
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
        """From JSON. Raises `TypeError` or `ValueError` when it is no status."""
        return cls(**{**data, "state": State(data["state"])})


@dataclass(frozen=True)
class Training:
    """A training in the store, by its `id`; ids sort by the time they were asked for."""

    id: str
    request: Request
    status: Status

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status.state is not State.RUNNING

    def seconds_left(self, now: float) -> float | None:
        """About how long it will still take at time `now`, once that can be told."""
        share = self.status.progress
        if self.over or share < 0.05:
            return None
        spent = self.status.changed - self.status.began
        return max(0.0, spent * (1 - share) / share - (now - self.status.changed))
