"""`atpatch debug-set`: invert triggers from a model and make the pairs a detector is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..evaluation.datasets import read_images
from ..subjects.loading import load
from .output import print_json, print_table, progress_bars


def debug_set(
    subject: Annotated[str, typer.Argument(help="Model folder or hub id.")],
    clean: Annotated[Path, typer.Option(help="200 to 1,000 clean pictures: a folder, or Parquet with a column image.")],
    out: Annotated[Path, typer.Option(help="Folder for the debugging set; a killed run resumes there.")],
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Look for triggers of this class only; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides all that is random.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for triggers from the model and clean pictures alone; nothing needs to be known about an attack."""
    from ..debugging.image_set import build_image_set

    loaded = load(subject)
    if loaded.kind != "image":
        raise InputError(f"{loaded.name} takes {loaded.kind}s: debugging sets are made for image models so far.")
    unknown = [name for name in classes or () if name not in loaded.labels]
    if unknown:
        raise InputError(f"The model has no class {unknown[0]!r}; it knows {', '.join(loaded.labels)}.")
    targets = [loaded.labels.index(name) for name in classes] if classes else None
    images = read_images(clean)
    with progress_bars() as on_step:
        data = build_image_set(loaded, images, out, targets, seed, on_step)
    found = data.provenance
    if as_json:
        print_json({"folder": str(out), "pairs": len(data.pairs), "tuning_pairs": len(data.tuning), **found})
        return
    rows = [
        (f"{one['class']}, {one['kind']}", f"{one['pixels']:g} pixels, {100 * one['success']:.1f} % success")
        for one in found["triggers"]
        if one["suspicious"]
    ]
    rows = rows or [("suspicious triggers", "none: a detector trained on this set will watch nothing")]
    if found["not_inverted"]:
        rows.append(("can't be inverted", ", ".join(found["not_inverted"])))
    print_table(f"{out}: {len(data.pairs):,} pairs to learn from", rows)
