"""Running the commands of the sample models in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sample_models.commands import main

from ..cli.conftest import Finished, refuse, running

__all__ = ["refuse", "run"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Run `python -m sample_models ARGUMENTS`, as from a shell."""
    return running("sample_models", main, capsys, monkeypatch)
