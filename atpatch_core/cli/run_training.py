"""What the process of a training runs; nobody types this."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..training.contract import State
from ..training.process import run


def run_training(folder: Annotated[Path, typer.Argument(help="The training's folder.")]) -> None:
    """Do a training that the dashboard asked for, and write down how far it is."""
    if run(folder) is State.FAILED:
        raise typer.Exit(1)
