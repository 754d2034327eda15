"""`atpatch detectors`: the versions of a subject's detector."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import DetectorError
from ..subjects import detector_versions as versions
from ..subjects.fingerprint import fingerprint
from ..subjects.loading import load
from ..training.learning import Settings, learn
from ..training.sources import STORE, Sources, read_labels
from ..versions.compare import compare
from ..versions.readiness import Readiness, objections
from ..versions.standing import standing_of
from .labels import read_file
from .labels_shown import LabelsShown
from .output import print_json, print_table, progress_bars, tell
from .parameters import AsJson

detectors = typer.Typer(help="The versions of a subject's detector.", no_args_is_help=True)

_Model = Annotated[Path, typer.Argument(help="Model folder.", exists=True, file_okay=False)]


@detectors.command("list")
def list_detectors(subject: _Model, as_json: AsJson = False) -> None:
    """List all versions, and which one is active."""
    found = versions.list_versions(subject)
    if as_json:
        print_json(
            [
                {"name": version.name, "active": version.active, "made": version.made, "notes": version.notes}
                for version in found
            ]
        )
        return
    rows = [
        (f"{'* ' if version.active else '  '}{version.name}", " ".join((version.made, version.notes)).strip())
        for version in found
    ]
    print_table(f"{subject.name}: detectors (* is active)", rows or [("none", "")])


@detectors.command("train")
def train_version(
    subject: _Model,
    name: Annotated[str, typer.Argument(help="What the new version is called.")],
    notes: Annotated[str, typer.Option(help="What a colleague should know about it.")] = "",
    seed: Annotated[int, typer.Option(help="Where all randomness comes from.")] = 0,
    as_json: AsJson = False,
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
    standing, _ = standing_of(loaded, detector, lambda: read_labels((STORE,), loaded))
    found |= _as_data(standing)
    if as_json:
        print_json(found | taught.as_data())
    else:
        print_table(f"{subject.name}: new version {name}", [(field, str(value)) for field, value in found.items()])


@detectors.command("judge")
def judge_version(
    subject: _Model, name: Annotated[str, typer.Argument(help="Which version.")], as_json: AsJson = False
) -> None:
    """Say whether a version is ready: what it finds and flags at its own threshold, of inputs it did not learn from."""
    loaded = load(subject)
    detector = versions.load_version(subject, name, fingerprint(loaded.model))
    found, _ = standing_of(loaded, detector, lambda: read_labels((STORE,), loaded))
    result = {"subject": subject.name, "version": name, "threshold": detector.threshold, **_as_data(found)}
    if as_json:
        print_json(result)
    else:
        print_table(f"{subject.name}: version {name}", [(field, str(value)) for field, value in result.items()])


@detectors.command()
def activate(
    subject: _Model,
    name: Annotated[str, typer.Argument(help="Which version.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, even if it does worse than the active one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a version to work: from now on it is loaded with the model.

    You learn what speaks against it (it was not judged, or does worse than the active one); on a terminal, you are
    asked.
    """
    loaded = load(subject)
    detector = versions.load_version(subject, name, fingerprint(loaded.model))
    active = versions.active_version(subject)
    before = None
    if active is not None and active != name:
        with suppress(DetectorError):  # a damaged one can't be compared with, and is to be replaced
            before = versions.load_version(subject, active, detector.fingerprint)
    found, other = standing_of(loaded, detector, lambda: read_labels((STORE,), loaded), before)
    against = [] if active == name else objections(found, detector.threshold, active, other)
    for sentence in against:
        tell(sentence)
    if against and not yes and sys.stdin.isatty():
        typer.confirm("Make it active all the same?", abort=True, err=True)
    versions.activate(subject, name, detector.fingerprint)
    if as_json:
        print_json({"subject": subject.name, "active": name, "objections": against})
    else:
        print(f"{subject.name} now works with the detector {name}.")


@detectors.command("roll-back")
def roll_back(subject: _Model, as_json: AsJson = False) -> None:
    """Put the version that was active before to work again."""
    _say(subject, versions.roll_back(subject, fingerprint(load(subject).model)), as_json)


@detectors.command("compare")
def compare_versions(
    subject: _Model,
    first: Annotated[str, typer.Argument(help="A version.")],
    second: Annotated[str, typer.Argument(help="Another version.")],
    files: Annotated[list[Path], typer.Argument(help="Inputs that neither was trained on.")],
    as_json: AsJson = False,
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


def _as_data(found: Readiness) -> dict[str, Any]:
    """How a version stands, for JSON and tables."""
    data: dict[str, Any] = {"standing": found.standing.value, "auroc_judged": found.auroc}
    if found.counts is not None:
        data["judged"] = asdict(found.counts)
    if found.better is not None:
        better = found.better
        data["better_threshold"] = {
            "threshold": better.threshold,
            "chosen_on": f"one half of the inputs it is judged on: {len(better.chosen_on)}",
            "judged_on_the_other_half": asdict(better.counts),
        }
    return data


def _say(subject: Path, name: str, as_json: bool) -> None:
    if as_json:
        print_json({"subject": subject.name, "active": name})
    else:
        print(f"{subject.name} now works with the detector {name}.")
