"""`atpatch dashboard` starts Streamlit where its settings are, or says where the dashboard is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atpatch_core.cli import dashboard
from atpatch_core.cli.main import app
from atpatch_core.errors import InputError

ROOT = Path(__file__).resolve().parents[3]


def test_it_becomes_streamlit_in_the_checkout_with_all_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[tuple[str, list[str], Path]] = []
    monkeypatch.setattr(os, "execv", lambda path, words: started.append((path, words, Path.cwd())))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["dashboard", "--server.port", "8502", "--server.headless=true"])
    assert result.exit_code == 0, result.output
    options = ["--server.port", "8502", "--server.headless=true"]
    assert started == [(sys.executable, [sys.executable, "-m", "streamlit", "run", "app.py", *options], ROOT)]
    assert (started[0][2] / ".streamlit" / "config.toml").is_file()


def test_an_installed_package_says_where_the_dashboard_is(tmp_path: Path) -> None:
    (tmp_path / "atpatch_core").mkdir()
    (tmp_path / "app.py").touch()
    with pytest.raises(InputError, match="not part of the installed package"):
        dashboard.checkout(tmp_path / "atpatch_core")
