"""Running the command line in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from atpatch_core.cli.main import main


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        """Its standard output as JSON."""
        assert self.code == 0, self.error
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Run `atpatch ARGUMENTS`, as from a shell."""
    return running("atpatch", main, capsys, monkeypatch)


def running(
    name: str, program: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Finished]:
    """What runs `name ARGUMENTS`, as from a shell."""

    def command(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            program()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Finished(code, printed.out, printed.err)

    return command


@pytest.fixture
def refuse(run: Callable[..., Finished]) -> Callable[..., str]:
    """Run a command that must end with exit code 2 and one sentence, and return the sentence."""

    def command(*arguments: object) -> str:
        finished = run(*arguments)
        assert finished.code == 2, finished
        assert finished.out == ""
        sentence = finished.error.strip()
        assert sentence.startswith("Error: ")
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        return sentence.removeprefix("Error: ")

    return command
