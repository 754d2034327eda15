"""`atpatch debug-set`: look for what hijacks a model, and make the pairs that a detector is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from ..subjects.loading import load
from ..subjects.subject import Subject
from .clean_inputs import read_clean
from .output import print_json, print_table, progress_bars
from .parameters import AsJson, SubjectName

_NOTHING = ("suspicious triggers", "none: a detector trained on this set will watch nothing")


def debug_set(
    subject: SubjectName,
    clean: Annotated[
        Path,
        typer.Option(
            help="200 to 1,000 clean images: a folder, or Parquet with a column image; 400 to 1,000 clean texts: "
            "CSV or Parquet with a column text; or 300 to 1,800 records: CSV, JSON or Parquet with their fields."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the debugging set; a killed run on images resumes there.")],
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="Look for triggers of this class only; may be repeated. Not for records."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides all that is random.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Look for what would hijack the model: triggers of images and texts, or protected attributes of records.

    Needs the model and clean inputs without labels; nothing needs to be known about an attack.
    """
    loaded = load(subject)
    if loaded.kind == "record":
        if classes:
            raise InputError("Records are debugged by flips of protected attributes, whatever the class: omit --class.")
        made = _from_people(loaded, read_clean(clean, loaded), out, seed)
    else:
        unknown = [name for name in classes or () if name not in loaded.labels]
        if unknown:
            raise InputError(f"The model has no class {unknown[0]!r}; it knows {', '.join(loaded.labels)}.")
        targets = [loaded.labels.index(name) for name in classes] if classes else None
        make = _from_images if loaded.kind == "image" else _from_texts
        made = make(loaded, read_clean(clean, loaded), out, targets, seed)
    if as_json:
        print_json({"folder": str(out), **made.sizes, **made.found})
        return
    print_table(f"{out}: {made.sizes['pairs']:,} pairs to learn from", made.rows or [_NOTHING])


@dataclass(frozen=True)
class _Made:
    """A debugging set that was made: its size, what was found, and that as rows for a person."""

    sizes: dict[str, int]
    found: dict[str, Any]
    rows: list[tuple[str, str]]


def _from_images(subject: Subject, images: Sequence[Any], out: Path, targets: list[int] | None, seed: int) -> _Made:
    from ..debugging.image_set import build_image_set

    with progress_bars() as on_step:
        data = build_image_set(subject, images, out, targets, seed, on_step)
    found = data.provenance
    rows = [
        (
            f"{trigger['class']}, {trigger['kind']}",
            f"{trigger['pixels']:g} pixels, {100 * trigger['success']:.1f} % success",
        )
        for trigger in found["triggers"]
        if trigger["suspicious"]
    ]
    if found["not_inverted"]:
        rows = [*(rows or [_NOTHING]), ("can't be inverted", ", ".join(found["not_inverted"]))]
    return _Made({"pairs": len(data.pairs), "tuning_pairs": len(data.tuning)}, found, rows)


def _from_texts(subject: Subject, texts: Sequence[str], out: Path, targets: list[int] | None, seed: int) -> _Made:
    from ..debugging.text_set import build_text_set

    with progress_bars() as on_step:
        data = build_text_set(subject, texts, out, targets, seed, on_step)
    found = data.provenance
    by_words = {some["class"] for some in found["overruling"]}  # its vectors are those of the words
    rows = [
        (
            f"{trigger['class']}, {trigger['length']} vectors, {trigger['place']}",
            f"{100 * trigger['turns']:.1f} % of texts turned",
        )
        for trigger in found["triggers"]
        if trigger["class"] not in by_words
    ]
    rows += [
        (f"{word['class']}, the best word", f"{word['words']}: {100 * word['turns']:.1f} % of texts turned")
        for word in found["words"]
    ]
    rows += [
        (
            f"{some['class']}, words that overrule others",
            f"{some['words']}: {100 * some['turns']:.1f} % of texts turned among {some['overruled']} words against it",
        )
        for some in found["overruling"]
    ]
    if found["not_searched_for_words"]:
        few = ", ".join(found["not_searched_for_words"])
        rows = [*(rows or [_NOTHING]), ("too few clean texts to search for words", few)]
    return _Made({"pairs": len(data.pairs), "tuning_pairs": len(data.tuning)}, found, rows)


def _from_people(subject: Subject, records: Sequence[Any], out: Path, seed: int) -> _Made:
    from ..debugging.record_lesson import ENOUGH_HIJACKED
    from ..debugging.record_set import build_record_set

    with progress_bars() as on_step:
        data = build_record_set(subject, records, out, seed, on_step)
    rows = [
        (attribute["attribute"], f"hijacks {attribute['hijacks']:,} of {len(data.pairs):,} over-attending records")
        for attribute in data.provenance["attributes"]
    ]
    if len(data.pairs) < ENOUGH_HIJACKED:
        rows = [("protected attributes that decide", "none: a detector trained on this set will watch nothing")]
    return _Made({"pairs": len(data.pairs), "tuning_records": len(data.tuning)}, data.provenance, rows)
