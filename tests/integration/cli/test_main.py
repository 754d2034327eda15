"""`atpatch` itself."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Finished


def test_without_a_command_there_is_help(run: Callable[..., Finished]) -> None:
    shown = run()
    assert "Commands" in shown.out + shown.error
