"""Sharing the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

from atpatch_core.machine import leave_cores_free


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (2, 1), (7, 3), (16, 8)])
def test_half_of_the_cores_and_at_least_one(monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    leave_cores_free()
    assert torch.get_num_threads() == threads
