"""`atpatch detectors`: the versions of a subject's detector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..subjects.fingerprint import fingerprint
from ..subjects.loading import load
from ..training.learning import Settings, learn
from ..training.sources import STORE, Sources
from ..versions import folder as versions
from ..versions.compare import compare
from .labels import read_file
from .output import print_json, print_table, progress_bars

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


@detectors.command("train")
def train_version(
    subject: _Model,
    name: Annotated[str, typer.Argument(help="What the new version is called.")],
    notes: Annotated[str, typer.Option(help="What a colleague should know about it.")] = "",
    seed: Annotated[int, typer.Option(help="Where all randomness comes from.")] = 0,
    as_json: _Json = False,
) -> None:
    """Train a new version from the submitted labels; it is kept beside the model and not yet active."""
    versions.check_name(subject, name)
    loaded = load(subject)
    taught = LabelsShown()
    with progress_bars() as on_step:
        detector = learn(loaded, Sources(labels=(STORE,)), Settings(seed=seed), on_step, on_labels=taught.show)
    made = versions.save_version(detector, subject, name, notes)
    found = {
        "subject": subject.name,
        "version": made.name,
        "labelled_inputs": detector.history["labelled_inputs"],
        "watched": list(detector.watched),
        "threshold": detector.threshold,
        "auroc_held_out": detector.history["auroc_held_out"],
    }
    if as_json:
        print_json(found)
    else:
        print_table(f"{subject.name}: new version {name}", [(field, str(value)) for field, value in found.items()])


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


@detectors.command("compare")
def compare_versions(
    subject: _Model,
    first: Annotated[str, typer.Argument(help="A version.")],
    second: Annotated[str, typer.Argument(help="Another version.")],
    files: Annotated[list[Path], typer.Argument(help="Inputs that neither was trained on.")],
    as_json: _Json = False,
) -> None:
    """Which of the same inputs each of two versions flags, and the other does not."""
    loaded = load(subject)
    made_for = fingerprint(loaded.model)
    pair = [versions.load_version(subject, name, made_for) for name in (first, second)]
    found = compare(loaded, pair[0], pair[1], [loaded.read(read_file(file)) for file in files])
    result = {
        "both": [str(files[number]) for number in found.both],
        f"only {first}": [str(files[number]) for number in found.only_first],
        f"only {second}": [str(files[number]) for number in found.only_second],
    }
    if as_json:
        print_json({"subject": subject.name, "inputs": len(files), "flagged": result, "neither": found.neither})
        return
    rows = [(name, f"{len(flagged)}  {' '.join(flagged[:10])}") for name, flagged in result.items()]
    print_table(f"{subject.name}: flagged, of {len(files)} inputs", [*rows, ("neither", str(found.neither))])


def _say(subject: Path, name: str, as_json: bool) -> None:
    if as_json:
        print_json({"subject": subject.name, "active": name})
    else:
        print(f"{subject.name} now works with the detector {name}.")
