"""`atpatch debug-set`: invert triggers from a model and make the pairs a detector is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from ..evaluation.datasets import read_images
from ..evaluation.text_data import read_texts
from ..subjects.loading import load
from ..subjects.subject import Subject
from .output import print_json, print_table, progress_bars

_NOTHING = ("suspicious triggers", "none: a detector trained on this set will watch nothing")


def debug_set(
    subject: Annotated[str, typer.Argument(help="Model folder or hub id.")],
    clean: Annotated[
        Path,
        typer.Option(
            help="200 to 1,000 clean pictures: a folder, or Parquet with a column image; or 400 to 1,000 clean texts: "
            "CSV or Parquet with a column text."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the debugging set; a killed run on pictures resumes there.")],
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Look for triggers of this class only; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides all that is random.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for triggers from the model and clean inputs alone; nothing needs to be known about an attack."""
    loaded = load(subject)
    if loaded.kind not in ("image", "text"):
        raise InputError(
            f"{loaded.name} takes {loaded.kind}s: what they are debugged with are flips of protected attributes, which "
            "`samples build` makes by itself."
        )
    unknown = [name for name in classes or () if name not in loaded.labels]
    if unknown:
        raise InputError(f"The model has no class {unknown[0]!r}; it knows {', '.join(loaded.labels)}.")
    targets = [loaded.labels.index(name) for name in classes] if classes else None
    make = _from_pictures if loaded.kind == "image" else _from_texts
    made = make(loaded, clean, out, targets, seed)
    if as_json:
        print_json({"folder": str(out), "pairs": made.pairs, "tuning_pairs": made.tuning_pairs, **made.found})
        return
    print_table(f"{out}: {made.pairs:,} pairs to learn from", made.rows or [_NOTHING])


@dataclass(frozen=True)
class _Made:
    """A debugging set that was made: its size, what was found, and that as rows for a person."""

    pairs: int
    tuning_pairs: int
    found: dict[str, Any]
    rows: list[tuple[str, str]]


def _from_pictures(subject: Subject, clean: Path, out: Path, targets: list[int] | None, seed: int) -> _Made:
    from ..debugging.image_set import build_image_set

    images = read_images(clean)
    with progress_bars() as on_step:
        data = build_image_set(subject, images, out, targets, seed, on_step)
    found = data.provenance
    rows = [
        (f"{one['class']}, {one['kind']}", f"{one['pixels']:g} pixels, {100 * one['success']:.1f} % success")
        for one in found["triggers"]
        if one["suspicious"]
    ]
    if found["not_inverted"]:
        rows = [*(rows or [_NOTHING]), ("can't be inverted", ", ".join(found["not_inverted"]))]
    return _Made(len(data.pairs), len(data.tuning), found, rows)


def _from_texts(subject: Subject, clean: Path, out: Path, targets: list[int] | None, seed: int) -> _Made:
    from ..debugging.text_set import build_text_set

    texts = read_texts(clean)
    with progress_bars() as on_step:
        data = build_text_set(subject, texts, out, targets, seed, on_step)
    found = data.provenance
    rows = [
        (f"{one['class']}, {one['length']} vectors, {one['place']}", f"{100 * one['turns']:.1f} % of texts turned")
        for one in found["triggers"]
    ]
    rows += [
        (f"{one['class']}, the best word", f"{one['words']}: {100 * one['turns']:.1f} % of texts turned")
        for one in found["words"]
    ]
    return _Made(len(data.pairs), len(data.tuning), found, rows)
