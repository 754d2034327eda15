"""`atpatch calibrate`: set a detector's threshold for a wanted false-positive rate on your own clean inputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ..debugging.attribute_flips import hijacked
from ..debugging.layer_scores import layer_scores
from ..detector.calibration import calibrate_threshold
from ..detector.storage import load_detector, save_detector
from ..errors import InputError
from ..subjects.loading import check_made_for, load
from .clean_inputs import read_clean
from .output import print_json, print_table
from .parameters import AsJson, SubjectName

# Shares of clean inputs that may be flagged: one in a thousand, so that alarms stay rare where attacks are rare. With
# less than a tenth of records, few of those that are hijacked are still flagged: the fields of all of them are alike.
_RATE = 0.001
_RATE_OF_RECORDS = 0.1


def calibrate(
    subject: SubjectName,
    clean: Annotated[
        Path,
        typer.Option(
            help="Clean images (a folder, or Parquet with a column image), clean texts (CSV or Parquet), or records "
            "(CSV, JSON or Parquet)."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the detector with its new threshold.")],
    detector: Annotated[Path | None, typer.Option(help="Another detector folder than the subject's own.")] = None,
    false_positive_rate: Annotated[
        float | None,
        typer.Option(
            "--fpr",
            help="Wanted share of clean inputs with a flagged column.",
            show_default="0.001, for records 0.1",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take the lowest threshold that at most the wanted share of further clean inputs reaches (conformal bound).

    Of records, those count as clean that no protected attribute hijacks; the model itself decides which.
    """
    loaded = load(subject)
    rate = false_positive_rate or (_RATE_OF_RECORDS if loaded.kind == "record" else _RATE)
    if not 0 < rate < 1 or false_positive_rate == 0:
        raise InputError("A false-positive rate lies between 0 and 1, such as 0.001.")
    before = load_detector(detector or loaded.folder / "atpatch")
    check_made_for(before, loaded.model)
    if not before.watched:
        raise InputError("This detector watches no layer, so there is no threshold to set: train another one.")
    inputs = read_clean(clean, loaded)
    scores = layer_scores(loaded, before, inputs).max(axis=1)
    bad = hijacked(loaded, inputs) if loaded.kind == "record" else np.zeros(len(inputs), dtype=bool)
    try:
        threshold = calibrate_threshold(scores[~bad], np.empty(0), rate)
    except ValueError as error:
        raise InputError(str(error)) from error
    step: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "inputs": int((~bad).sum()),
        "false_positive_rate_wanted": rate,
        "threshold_before": before.threshold,
    }
    if bad.any():
        found = {"before": before.threshold, "now": threshold}
        step["hijacked_and_flagged"] = {
            when: round(float((scores[bad] >= limit).mean()), 4) for when, limit in found.items()
        }
    history = {**before.history, "calibrated_again": [*before.history.get("calibrated_again", ()), step]}
    save_detector(replace(before, threshold=min(threshold, 1.0), history=history), out)
    if as_json:
        print_json({"folder": str(out), "threshold": threshold, **step})
        return
    rows = [("threshold before", f"{before.threshold:.4f}"), ("threshold now", f"{threshold:.4f}")]
    if bad.any():
        shares = step["hijacked_and_flagged"]
        rows.append(("hijacked and flagged", f"{100 * shares['before']:.1f} % before, {100 * shares['now']:.1f} % now"))
    print_table(f"Detector in {out}", rows)
