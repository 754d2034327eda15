"""`atpatch evaluate`: judge a subject and its hot-fix on labelled data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ..detector.storage import load_detector
from ..errors import InputError
from ..evaluation import evaluate as judging
from ..evaluation.attacks import load_attacks
from ..evaluation.datasets import read_labelled_images
from ..evaluation.labelled import Labelled
from ..evaluation.report import as_json as report_as_json
from ..evaluation.report import table_rows
from ..evaluation.text_data import read_labelled_texts
from ..subjects.loading import check_made_for, load
from ..subjects.subject import Subject
from .fairness import show_fairness
from .output import print_json, print_table


def evaluate(
    subject: Annotated[str, typer.Argument(help="Model folder or hub id.")],
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure accuracy, attack success, recovery and the detector's error rates, each with a 95 % interval."""
    loaded = load(subject)
    if detector is not None:
        other = load_detector(detector)
        check_made_for(other, loaded.model)
        loaded = replace(loaded, detector=other)
    own = loaded.folder / "eval"
    if data is None and not own.is_dir():
        raise InputError(f"{loaded.name} brings no evaluation data of its own: name some with --data.")
    if (triggered is None) != (target is None):
        raise InputError("--triggered and --target belong together: give both or neither.")
    if loaded.kind == "record":
        if triggered is not None:
            raise InputError("Records carry no trigger: leave out --triggered and --target.")
        show_fairness(loaded, data or own / "records.parquet", threshold, as_json)
        return
    clean = _read(data or own / f"{loaded.kind}s.parquet", loaded)
    if triggered is not None and target is not None:
        if target not in loaded.labels:
            raise InputError(f"The model has no class {target!r}; it knows {', '.join(loaded.labels)}.")
        inputs = _read(triggered, loaded)
        attacks = {triggered.stem: judging.Triggered(inputs, loaded.labels.index(target))}
    else:
        attacks = {
            name: judging.apply_trigger(trigger, clean) for name, trigger in load_attacks(own / "attacks.json").items()
        }
    result = judging.evaluate(loaded, clean, attacks, threshold)
    if as_json:
        print_json({"subject": loaded.name, **report_as_json(result)})
    else:
        print_table(loaded.name, table_rows(result))


def _read(path: Path, subject: Subject) -> Labelled:
    if subject.kind == "image":
        return read_labelled_images(path, subject.labels)
    if subject.kind == "text":
        return read_labelled_texts(path, subject.labels)
    raise InputError(f"{subject.name} takes {subject.kind}s, which this command does not judge yet.")
