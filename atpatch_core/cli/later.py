"""Commands whose packages not everybody has: listed in `--help`, and imported when they are called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


class Later(NamedTuple):
    """A command: the module of this package and the name in it, which is a function or a `typer.Typer`."""

    module: str
    name: str
    help: str
    hidden: bool = False


LATER = {
    "train-detector": Later("train_detector", "train_detector", "Train a detector from debugging sets, or labels."),
    "labels": Later("labels", "labels", "What analysts say about attention columns: queue, export, import, compare."),
    "detectors": Later("detectors", "detectors", "The versions of a subject's detector: train, judge, activate."),
    "run-job": Later("run_job", "run_job", "What the process of a training or a comparison runs.", hidden=True),
}


class Commands(TyperGroup):
    """A group in which the commands of `LATER` stand with their names and help until one is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that `args` begin with, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, imported(LATER[name]) if name in LATER else command, rest


def imported(later: Later) -> Any:
    """The command itself.

    Raises:
        MissingExtraError: its packages are missing.
    """
    found = getattr(import_module(f".{later.module}", __package__), later.name)
    around = typer.Typer(add_completion=False)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=later.name)
        return get_group(around).commands[later.name]
    around.command()(found)
    return get_command(around)


def announce(app: typer.Typer) -> None:
    """List the commands of `LATER` in the help of `app`, whose class is `Commands`."""
    for name, later in LATER.items():
        app.command(name, help=later.help, hidden=later.hidden)(_announced)


def _announced() -> None:
    """Stands for a command that is not imported yet; never called."""
