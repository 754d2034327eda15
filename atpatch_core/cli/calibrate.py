"""`atpatch calibrate`: set a detector's threshold for a wanted false-positive rate on your own clean inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ..debugging.layer_scores import layer_scores
from ..detector.calibration import calibrate_threshold
from ..detector.storage import load_detector, save_detector
from ..errors import InputError
from ..evaluation.datasets import read_images
from ..evaluation.text_data import read_texts
from ..subjects.loading import check_made_for, load
from .output import print_json, print_table

_READ: dict[str, Callable[[Path], Sequence[Any]]] = {"image": read_images, "text": read_texts}


def calibrate(
    subject: Annotated[str, typer.Argument(help="Model folder or hub id.")],
    clean: Annotated[
        Path, typer.Option(help="Clean pictures (a folder, or Parquet with a column image) or texts (CSV or Parquet).")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the detector with its new threshold.")],
    detector: Annotated[Path | None, typer.Option(help="Another detector folder than the subject's own.")] = None,
    false_positive_rate: Annotated[
        float, typer.Option("--fpr", help="Wanted share of clean inputs with a flagged column.")
    ] = 0.001,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take the lowest threshold that at most the wanted share of further clean inputs reaches (conformal bound)."""
    if not 0 < false_positive_rate < 1:
        raise InputError("A false-positive rate lies between 0 and 1, such as 0.001.")
    loaded = load(subject)
    read = _READ.get(loaded.kind)
    if read is None:
        raise InputError(f"{loaded.name} takes {loaded.kind}s: detectors of models for pictures and texts only.")
    before = load_detector(detector or loaded.folder / "atpatch")
    check_made_for(before, loaded.model)
    if not before.watched:
        raise InputError("This detector watches no layer, so there is no threshold to set: train another one.")
    inputs = read(clean)
    scores = layer_scores(loaded, before, inputs).max(axis=1)
    try:
        threshold = calibrate_threshold(scores, np.empty(0), false_positive_rate)
    except ValueError as error:
        raise InputError(str(error)) from error
    step = {
        "date": datetime.now(UTC).date().isoformat(),
        "inputs": len(inputs),
        "false_positive_rate_wanted": false_positive_rate,
        "threshold_before": before.threshold,
    }
    history = {**before.history, "calibrated_again": [*before.history.get("calibrated_again", ()), step]}
    save_detector(replace(before, threshold=min(threshold, 1.0), history=history), out)
    if as_json:
        print_json({"folder": str(out), "threshold": threshold, **step})
    else:
        print_table(
            f"Detector in {out}",
            [("threshold before", f"{before.threshold:.4f}"), ("threshold now", f"{threshold:.4f}")],
        )
