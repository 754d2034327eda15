"""What the process of a job runs; nobody types this."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..jobs import State
from ..jobs.process import kind_of, run

_WORKERS = {
    "training": "atpatch_core.training.process",
    "comparison": "atpatch_core.evaluation.comparison_process",
}
"""The modules whose `WORKER` does jobs of each kind, imported when there is one to do."""


def run_job(folder: Annotated[Path, typer.Argument(help="The job's folder.")]) -> None:
    """Do a job that the dashboard asked for, and write down how far it is."""
    kind = kind_of(folder)
    if kind not in _WORKERS:
        raise InputError(f"{folder} asks for a job of a kind that is not known here: update this program.")
    if run(folder, import_module(_WORKERS[kind]).WORKER) is State.FAILED:
        raise typer.Exit(1)
