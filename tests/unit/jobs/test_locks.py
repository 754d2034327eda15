"""Locks that say who has them, or had them last."""

from __future__ import annotations

import os
from pathlib import Path

from atpatch_core.jobs import locks


def test_a_lock_is_had_by_one_and_remembers_it(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    assert (locks.noted(file), locks.holder(file)) == ("", None)
    handle = locks.take(file)
    assert handle is not None
    locks.note(handle, "somebody with a long name")
    locks.note(handle, "me")
    assert locks.holder(file) == "me"
    assert locks.take(file) is None
    locks.forget(file, "me")
    assert file.exists()  # somebody has it
    os.close(handle)
    assert (locks.noted(file), locks.holder(file)) == ("me", None)


def test_only_who_had_a_lock_last_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    handle = locks.take(file)
    assert handle is not None
    locks.note(handle, "second")
    os.close(handle)
    locks.forget(file, "first")
    assert locks.noted(file) == "second"
    locks.forget(file, "second")
    assert not file.exists()
    locks.forget(file, "second")
    again = locks.take(file)
    assert again is not None
    os.close(again)
