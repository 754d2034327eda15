"""Assemble the commands, and turn what a person can mend into one sentence and exit code 2."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from transformers.utils import logging

from ..errors import AtPatchError
from .calibrate import calibrate
from .dashboard import dashboard
from .debug_set import debug_set
from .evaluate import evaluate
from .inspect import inspect
from .later import Commands, announce

app = typer.Typer(
    name="atpatch",
    cls=Commands,
    help="See where a Transformer over-attends, and repair it while it runs (AtPatch, arXiv 2601.21695).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(inspect)
app.command()(evaluate)
app.command("debug-set")(debug_set)
app.command()(calibrate)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(dashboard)
announce(app)


def main() -> None:
    """Entry point of `atpatch` and `python -m atpatch_core`."""
    # The bar for each model that is loaded would stand between our own.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        app()
    except AtPatchError as error:
        Console(stderr=True).print(f"Error: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
