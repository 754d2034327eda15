"""`atpatch detectors`: the versions of a subject's detector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..subjects.fingerprint import fingerprint
from ..subjects.loading import load
from ..versions import folder as versions
from .output import print_json, print_table

detectors = typer.Typer(help="The versions of a subject's detector.", no_args_is_help=True)

_Model = Annotated[Path, typer.Argument(help="Model folder.", exists=True, file_okay=False)]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@detectors.command("list")
def list_detectors(subject: _Model, as_json: _Json = False) -> None:
    """List all versions, and which one is active."""
    found = versions.list_versions(subject)
    if as_json:
        print_json([{"name": one.name, "active": one.active, "made": one.made, "notes": one.notes} for one in found])
        return
    rows = [(f"{'* ' if one.active else '  '}{one.name}", " ".join((one.made, one.notes)).strip()) for one in found]
    print_table(f"{subject.name}: detectors (* is active)", rows or [("none", "")])


@detectors.command()
def activate(
    subject: _Model, name: Annotated[str, typer.Argument(help="Which version.")], as_json: _Json = False
) -> None:
    """Put a version to work: from now on it is loaded with the model."""
    versions.activate(subject, name, fingerprint(load(subject).model))
    _say(subject, name, as_json)


@detectors.command("roll-back")
def roll_back(subject: _Model, as_json: _Json = False) -> None:
    """Put the version that was active before to work again."""
    _say(subject, versions.roll_back(subject, fingerprint(load(subject).model)), as_json)


def _say(subject: Path, name: str, as_json: bool) -> None:
    if as_json:
        print_json({"subject": subject.name, "active": name})
    else:
        print(f"{subject.name} now works with the detector {name}.")
