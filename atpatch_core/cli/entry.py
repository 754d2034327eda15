"""Where a command line begins and ends: what a person can mend becomes one sentence and exit code 2."""

from __future__ import annotations

import sys

import typer
from transformers.utils import logging
from typer.core import TyperGroup

from ..errors import AtPatchError
from .output import tell


def commands(name: str, purpose: str, group: type[TyperGroup] = TyperGroup) -> typer.Typer:
    """An empty command line, whose help says what it is for."""
    return typer.Typer(
        name=name, cls=group, help=purpose, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )


def run(app: typer.Typer) -> None:
    """Run `app` with the arguments of this process."""
    # The bar for each model that is loaded would stand between our own.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        app()
    except AtPatchError as error:
        tell(f"Error: {error}")
        sys.exit(2)
