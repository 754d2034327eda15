"""What a kind of job is, what was asked for, how far a job is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from ..errors import AtPatchError
from ..files.values import number, text, whole

if TYPE_CHECKING:
    from .process import Progress

_LONGEST_STAGE = 5_000  # characters
_LONGEST_PROBLEM = 100_000
_LATEST = 1e11  # seconds since 1970; for the calendar's end


class State(StrEnum):
    """Where a job is."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Request(Protocol):
    """What somebody asks for, as a value that can be written down."""

    @property
    def key(self) -> str:
        """The same for requests that are the same, in hexadecimal: only one of them runs at a time."""
        ...

    def as_data(self) -> dict[str, Any]:
        """For JSON; not with "kind", which is the name of the kind."""
        ...


@dataclass(frozen=True)
class Status:
    """How far a job is; kinds that have more to tell of it add fields.

    Attributes:
        state: where it is.
        stage: what it is doing, for a person.
        progress: from 0 to 1.
        began: when, in seconds since 1970.
        changed: when this was written, in seconds since 1970.
        process: its process' number, once it runs.
        problem: why it failed, in a sentence.
    """

    state: State
    stage: str = "starting"
    progress: float = 0.0
    began: float = 0.0
    changed: float = 0.0
    process: int | None = None
    problem: str | None = None

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "state": self.state.value}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """From JSON.

        Raises:
            KeyError: a field is missing.
            ValueError: it is no status.
        """
        return cls(**cls.fields_from(data))

    @classmethod
    def fields_from(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Every field by its name, checked; what `from_data` makes a status of, and where kinds add theirs.

        Raises:
            KeyError: a field is missing.
            ValueError: it is no status.
        """
        return {
            "state": State(data["state"]),
            "stage": text(data["stage"], _LONGEST_STAGE),
            "progress": number(data["progress"], 0, 1),
            "began": number(data["began"], 0, _LATEST),
            "changed": number(data["changed"], 0, _LATEST),
            "process": None if data["process"] is None else whole(data["process"], 1, 2**31),
            "problem": None if data["problem"] is None else text(data["problem"], _LONGEST_PROBLEM),
        }


Asked = TypeVar("Asked", bound=Request)
How = TypeVar("How", bound=Status)


@dataclass(frozen=True)
class Kind(Generic[Asked, How]):
    """A kind of long work.

    Attributes:
        name: what one is called in sentences, and in the file of a request.
        read_request: makes a request of what its `as_data` says; raises `KeyError`, `TypeError` or `ValueError` when it
            is none.
        status: the class of its status.
        error: raised when one can't be started or stopped.
        ask_for_less: what to do where memory does not suffice, as the end of a sentence.
        formerly: whether requests that name no kind are of this one.
        kept: how many are remembered; the oldest that are over go first.
    """

    name: str
    read_request: Callable[[Mapping[str, Any]], Asked]
    status: type[How]
    error: type[AtPatchError]
    ask_for_less: str
    formerly: bool = False
    kept: int = 40

    @property
    def killed(self) -> str:
        """What is said of one whose process was ended from outside."""
        return f"The {self.name} was ended from outside before it was done, maybe for lack of memory: start it again."


@dataclass(frozen=True)
class Worker(Generic[Asked, How]):
    """What the process of a job of some kind does.

    Attributes:
        kind: of the jobs.
        work: does one; returns fields of the status that kinds add. What it raises ends the job, an `AtPatchError`
            with its sentence.
    """

    kind: Kind[Asked, How]
    work: Callable[[Asked, Progress], Mapping[str, Any]]


@dataclass(frozen=True)
class Job(Generic[Asked, How]):
    """A job in the store.

    Attributes:
        id: its name in the store; ids sort by the time that they were asked for.
        request: what was asked for.
        status: how far it is.
        stopping: whether it was cancelled and has not ended yet.
    """

    id: str
    request: Asked
    status: How
    stopping: bool = False

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
