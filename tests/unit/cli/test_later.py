"""Commands that are imported when they are called."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from atpatch_core.cli.later import LATER
from atpatch_core.cli.main import app, main


@pytest.mark.parametrize("name", LATER)
def test_the_command_that_is_listed_is_the_one_that_is_called(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert f"{name} [OPTIONS]" in shown.output
    assert "--install-completion" not in shown.output


def test_an_unknown_command_of_a_group_is_refused() -> None:
    assert CliRunner().invoke(app, ["labels", "nonsense"]).exit_code == 2


def test_missing_packages_end_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith(("atpatch_core.labels", "atpatch_core.cli.labels"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.setattr(sys, "argv", ["atpatch", "labels", "stats"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "run pip install 'atpatch[labels]'." in capsys.readouterr().err
