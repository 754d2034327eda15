"""`atpatch train-detector`: train a detector from a debugging set, from labels, or from both."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..detector.joint import Jointly
from ..detector.storage import save_detector
from ..subjects.loading import load
from .labels_shown import LabelsShown
from .output import print_json, print_table, progress_bars
from .parameters import AsJson, SubjectName


def train_detector(
    subject: SubjectName,
    out: Annotated[Path, typer.Option(help="Folder for the detector; MODEL/atpatch makes it the model's own.")],
    debug_set: Annotated[
        list[Path] | None, typer.Option(help="A folder made by debug-set for this model; may be repeated.")
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            help="Labels to learn from: store (ATPATCH_DATABASE_URL, or .atpatch/labels.sqlite), the address of a "
            "database, or an exported .jsonl or .parquet file; may be repeated."
        ),
    ] = None,
    variant: Annotated[
        str,
        typer.Option(
            help="per-head, or paper for the network of arXiv 2601.21695; only for images, or labels of records."
        ),
    ] = "per-head",
    false_positive_rate: Annotated[
        float | None,
        typer.Option(
            "--fpr",
            help="Wanted share of clean inputs with a flagged column; not for debugging sets of records, whose "
            "threshold is chosen by what it cures.",
            show_default="0.001 from debugging sets (of texts 0.0025), 0.01 from labels",
        ),
    ] = None,
    contrast: Annotated[
        float,
        typer.Option(
            min=0, help="Weight of the contrastive loss; 0 leaves it out, for `evaluate --ablations`. Not for texts."
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Decides all that is random.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train, choose layers and benign reference, set the threshold; each on inputs that the others did not use."""
    from ..training.learning import Settings, learn
    from ..training.sources import Sources

    sources = Sources(tuple(labels or ()), tuple(debug_set or ()))
    settings = Settings(false_positive_rate, variant, contrast, seed)
    loaded = load(subject)
    taught = LabelsShown()
    with progress_bars() as on_step:
        detector = learn(loaded, sources, settings, on_step, on_labels=taught.show)
    save_detector(detector, out)
    if as_json:
        made = {"folder": str(out), "watched": list(detector.watched), "threshold": detector.threshold}
        print_json(made | taught.as_data())
        return
    watched = ", ".join(map(str, detector.watched)) or "none: nothing was found that hijacks attention"
    if isinstance(detector.reach, Jointly):
        watched += ", which judge jointly"
    print_table(
        f"Detector in {out}",
        [
            ("watched layers", watched),
            ("threshold", f"{detector.threshold:.4f}"),
            ("benign reference", detector.reference),
        ],
    )
