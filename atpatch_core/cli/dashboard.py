"""`atpatch dashboard`: the dashboard of the checkout that this package runs from."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from ..errors import InputError
from ..extras import need

_PARTS = ("app.py", "pages", ".streamlit/config.toml")


def dashboard(context: typer.Context) -> None:
    """Open the dashboard at http://localhost:8501; options for Streamlit, such as --server.port 8502, are passed on."""
    folder = checkout()
    need("labels", "The pages of the dashboard")
    need("reports", "The pages of the dashboard")
    need("dashboard", "The pages of the dashboard")
    # Streamlit reads `.streamlit/config.toml`, which decides who can reach the dashboard, from where it is started.
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", "app.py", *context.args])


def checkout(package: Path = Path(__file__).parents[1]) -> Path:
    """The folder of the dashboard that holds `package`. Raises `InputError` when the package was installed without."""
    folder = package.parent
    if all((folder / part).exists() for part in _PARTS):
        return folder
    raise InputError(
        "The dashboard is not part of the installed package, but of the project's repository: "
        "call `make run` in a checkout of it, or `pip install -e '.[dashboard]'` there and `atpatch dashboard`."
    )
