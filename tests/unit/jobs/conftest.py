"""A kind of job that adds numbers, and processes that end at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from atpatch_core.errors import InputError
from atpatch_core.files.values import whole
from atpatch_core.jobs import Kind, Status
from atpatch_core.jobs import store as store_module


@dataclass(frozen=True)
class Sum:
    """Two numbers to add."""

    one: int
    other: int

    @property
    def key(self) -> str:
        return f"{self.one:x}{self.other:x}"

    def as_data(self) -> dict[str, Any]:
        return {"one": self.one, "other": self.other}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Sum:
        return cls(whole(data["one"]), whole(data["other"]))


SUMS = Kind("sum", Sum.from_data, Status, InputError, "add less", kept=3)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of jobs do nothing."""
    monkeypatch.setattr(store_module.sys, "executable", "/bin/true")
