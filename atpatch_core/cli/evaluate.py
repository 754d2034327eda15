"""`atpatch evaluate`: judge a subject and its hot-fix on labelled data, alone or beside other defences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ..detector.storage import load_detector
from ..errors import InputError
from ..evaluation import evaluate as judging
from ..evaluation.attacks import attacks_of
from ..evaluation.datasets import LabelledImages, read_labelled_images
from ..evaluation.labelled import Labelled
from ..evaluation.report import as_json as report_as_json
from ..evaluation.report import table_rows
from ..evaluation.text_data import LabelledTexts, read_labelled_texts
from ..subjects.loading import check_made_for, load
from ..subjects.subject import Subject
from .compare import check_files, chosen_methods, run_comparison, show_comparison
from .fairness import show_fairness
from .output import print_json, print_table, tell_left_out
from .parameters import AsJson, SubjectName


def evaluate(
    subject: SubjectName,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Clean data: Parquet with image and label, or a folder label/*.png; for texts, CSV or Parquet with "
            "text and label; for records, with the fields and label (default: its own eval/)."
        ),
    ] = None,
    triggered: Annotated[
        Path | None, typer.Option(help="Triggered data with the true labels (default: the subject's own triggers).")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The label that the attacker of --triggered wants.")] = None,
    detector: Annotated[Path | None, typer.Option(help="Another detector folder than the subject's own.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Flag columns from this score on (default: calibrated).")
    ] = None,
    defences: Annotated[
        str | None, typer.Option(help='Compare defences for images or texts: "all", or names with commas between.')
    ] = None,
    attack_names: Annotated[
        str | None, typer.Option("--attacks", help='Attacks to compare them on: "all", or names with commas between.')
    ] = None,
    ablate: Annotated[bool, typer.Option("--ablations", help="Compare AtPatch with parts of it left out.")] = False,
    clean: Annotated[
        Path | None,
        typer.Option(help="Clean labelled images that the defender has (default: a part of the data, not judged on)."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=20, help="How often to repeat a comparison.")] = 1,
    false_positive_rate: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of clean images that defences which need a threshold may flag.")
    ] = 0.001,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Also write the comparison as CSV.")] = None,
    markdown_file: Annotated[Path | None, typer.Option("--markdown", help="Also write it as Markdown.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure accuracy, attack success, recovery and the detector's error rates, each with a 95 % interval.

    With --defences, --attacks or --ablations, the same for many defences and attacks in one table.
    """
    loaded = load(subject)
    if detector is not None:
        other = load_detector(detector)
        check_made_for(other, loaded.model)
        loaded = replace(loaded, detector=other, version=None)
    own = loaded.folder / "eval"
    if data is None and not own.is_dir():
        raise InputError(f"{loaded.name} comes with no evaluation data of its own: name some with --data.")
    if (triggered is None) != (target is None):
        raise InputError("--triggered and --target belong together: give both or neither.")
    comparing = defences is not None or attack_names is not None or ablate
    if comparing:
        _check_comparison(loaded, ablate, {"--clean": clean, "--triggered": triggered}, threshold)
        check_files(csv_file, markdown_file)
    else:
        _refuse({"--clean": clean, "--csv": csv_file, "--markdown": markdown_file}, "are only for comparing defences")
    methods = chosen_methods(loaded, defences, ablate) if comparing else {}
    if loaded.kind == "record":
        if triggered is not None:
            raise InputError("Records carry no trigger: leave out --triggered and --target.")
        show_fairness(loaded, data or own / "records.parquet", threshold, as_json)
        return
    judged = _read(data or own / f"{loaded.kind}s.parquet", loaded)
    brought = _brought(triggered, target, loaded) if triggered is not None and target is not None else {}
    triggers = attacks_of(loaded)
    if comparing:
        names = (attack_names or "all", seeds, false_positive_rate)
        comparison, sentences = run_comparison(loaded, judged, triggers, brought, clean, methods, *names)
        show_comparison(loaded, comparison, sentences, as_json, csv_file, markdown_file)
        return
    attacks = brought or {name: judging.apply_trigger(trigger, judged) for name, trigger in triggers.items()}
    result = judging.evaluate(loaded, judged, attacks, threshold)
    if as_json:
        print_json({"subject": loaded.name, **report_as_json(result)})
    else:
        print_table(loaded.name, table_rows(result))


def _check_comparison(subject: Subject, ablate: bool, of_images: dict[str, object], threshold: float | None) -> None:
    """Raise `InputError` where the options of a comparison don't fit what the subject takes."""
    if subject.kind == "record":
        raise InputError(f"{subject.name} takes records: its defences are compared on the Evaluate page.")
    if subject.kind == "text":
        _refuse({"--ablations": ablate or None}, "is for models that take images")
        _refuse(of_images, "can't be used where defences for texts are compared")
    _refuse({"--threshold": threshold}, "is set by each defence itself when defences are compared")


def _refuse(options: dict[str, object], reason: str) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise InputError(f"{' and '.join(given)} {reason}: leave that out.")


def _brought(triggered: Path, target: str, subject: Subject) -> dict[str, judging.Triggered]:
    if target not in subject.labels:
        raise InputError(f"The model has no class {target!r}; it knows {', '.join(subject.labels)}.")
    return {triggered.stem: judging.Triggered(_read(triggered, subject), subject.labels.index(target))}


def _read(path: Path, subject: Subject) -> Labelled:
    if subject.kind not in ("image", "text"):
        raise InputError(f"{subject.name} takes {subject.kind}s, which this command does not judge yet.")
    read = read_labelled_images if subject.kind == "image" else read_labelled_texts
    data: LabelledImages | LabelledTexts = read(path, subject.labels)
    tell_left_out(data.left_out, len(data))
    return data
