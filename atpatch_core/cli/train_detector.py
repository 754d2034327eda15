"""`atpatch train-detector`: train a detector for a model from a debugging set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ..detector.storage import save_detector
from ..errors import DetectorError, InputError
from ..subjects.fingerprint import fingerprint
from ..subjects.loading import load
from .output import print_json, print_table, progress_bars


def train_detector(
    subject: Annotated[str, typer.Argument(help="Model folder or hub id.")],
    debug_set: Annotated[Path, typer.Option(help="A folder made by debug-set for this model.")],
    out: Annotated[Path, typer.Option(help="Folder for the detector; MODEL/atpatch makes it the model's own.")],
    variant: Annotated[str, typer.Option(help="per-head, or paper for the network of arXiv 2601.21695.")] = "per-head",
    false_positive_rate: Annotated[
        float, typer.Option("--fpr", help="Wanted share of clean inputs with a flagged column.")
    ] = 0.0005,
    contrast: Annotated[
        float, typer.Option(min=0, help="Weight of the contrastive loss; 0 leaves it out, for `evaluate --ablations`.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Decides all that is random.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train, choose layers and benign reference, set the threshold; each on its own part of the debugging set."""
    from ..debugging import train_detector as training
    from ..debugging.image_set import load_image_set

    if variant not in ("per-head", "paper"):
        raise InputError(f"There is no variant {variant!r}: choose per-head or paper.")
    if not 0 < false_positive_rate < 1:
        raise InputError("A false-positive rate lies between 0 and 1, such as 0.001.")
    loaded = load(subject)
    data = load_image_set(debug_set)
    if data.provenance["model"] != fingerprint(loaded.model):
        raise DetectorError(f"The debugging set in {debug_set} was made for another model: make one for this model.")
    try:
        with progress_bars() as on_step:
            detector = training.train_detector(
                loaded,
                data.pairs,
                data.tuning,
                data.benign,
                replace(training.RECIPE, variant=variant, contrast=contrast, seed=seed),
                false_positive_rate,
                on_step,
            )
    except ValueError as error:
        raise InputError(str(error)) from error
    save_detector(detector, out)
    if as_json:
        print_json({"folder": str(out), "watched": list(detector.watched), "threshold": detector.threshold})
        return
    watched = ", ".join(map(str, detector.watched)) or "none: no trigger was found that hijacks attention"
    print_table(
        f"Detector in {out}",
        [
            ("watched layers", watched),
            ("threshold", f"{detector.threshold:.4f}"),
            ("benign reference", detector.reference),
        ],
    )
