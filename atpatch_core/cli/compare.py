"""What `atpatch evaluate --defences ... --attacks ...` does: one table of many defences against many attacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..errors import InputError
from ..evaluation.ablations import ablations
from ..evaluation.attacks import Trigger
from ..evaluation.comparison import Comparison, compare, split_defender
from ..evaluation.comparison_report import (
    comparison_as_csv,
    comparison_as_json,
    comparison_as_markdown,
    table_cells,
)
from ..evaluation.datasets import LabelledImages, read_labelled_images
from ..evaluation.defences.catalogue import DEFENCES, Method, choose
from ..evaluation.evaluate import Triggered, apply_trigger
from ..evaluation.image_attacks import choose_attacks, picture_side, with_variations
from ..files.whole_files import write_whole_text
from ..subjects.subject import Subject
from .output import print_json, progress_bars, tell_left_out


def chosen_methods(subject: Subject, defences: str | None, ablate: bool) -> dict[str, Method]:
    """The defences for images to compare: those named, or the ablations, or both.

    Args:
        subject: the model.
        defences: names with commas between, or "all", which is the default without `ablate`.
        ablate: whether to include AtPatch with single parts changed.

    Raises:
        InputError: there is no defence of that name.
    """
    if not ablate:
        return choose(defences or "all")
    more = ablations(subject)
    return choose(defences, {**DEFENCES, **more}) | more if defences else more


def check_files(*files: Path | None) -> None:
    """Check that files can be written, before hours are spent on what would go into them.

    Raises:
        InputError: one of them can't.
    """
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise InputError(f"There is no folder {file.parent} to write {file.name} into: make it first.")


def run_comparison(
    subject: Subject,
    data: LabelledImages,
    own: Mapping[str, Trigger],
    triggered: Mapping[str, Triggered],
    clean: Path | None,
    methods: Mapping[str, Method],
    attacks: str,
    seeds: int,
    false_positive_rate: float,
) -> Comparison:
    """Compare defences for images.

    Args:
        subject: the model.
        data: labelled images to judge on.
        own: the subject's triggers by name.
        triggered: triggered images by name; if any, these are judged instead of triggers.
        clean: a file or folder of images that the defender has; by default a part of `data`, which is not judged on.
        methods: the defences by name.
        attacks: names with commas between, or "all".
        seeds: how many times to repeat it.
        false_positive_rate: share of clean images that a defence with a threshold may flag, 0 to 1.

    Raises:
        InputError: the images can't be read, or there is no attack of that name.
    """
    if clean is None:
        judged, defender = split_defender(data)
    else:
        judged, defender = data, read_labelled_images(clean, subject.labels)
        tell_left_out(defender.left_out, len(defender))
    triggers = choose_attacks(attacks, with_variations(own, picture_side(judged))) if not triggered else {}

    def make(pictures: LabelledImages, seed: int) -> Mapping[str, Triggered]:
        return triggered or {name: apply_trigger(one, pictures, seed) for name, one in triggers.items()}

    with progress_bars() as on_step:
        return compare(
            subject, methods, judged, make, defender, false_positive_rate, tuple(range(seeds)), on_step=on_step
        )


def show_comparison(
    subject: Subject,
    comparison: Comparison,
    sentences: Sequence[str],
    as_json: bool,
    csv_file: Path | None,
    markdown_file: Path | None,
) -> None:
    """Write the files that are asked for, then print JSON, or sentences and a table.

    Args:
        subject: the model.
        comparison: the result.
        sentences: to print above the table.
        as_json: whether to print JSON.
        csv_file: where to write the table as CSV, if anywhere.
        markdown_file: where to write the table as Markdown, if anywhere.

    Raises:
        InputError: a file can't be written.
    """
    try:
        if csv_file is not None:
            write_whole_text(csv_file, comparison_as_csv(comparison))
        if markdown_file is not None:
            write_whole_text(markdown_file, comparison_as_markdown(comparison))
    except OSError as error:
        raise InputError(
            f"The table can't be written ({error.strerror or 'the disk refused'}): name a file in a folder that exists."
        ) from error
    if as_json:
        print_json({"subject": subject.name, **comparison_as_json(comparison)})
        return
    head, *cells = table_cells(comparison)
    table = Table(title=subject.name, title_justify="left")
    for name in head:
        table.add_column(name)
    for row in cells:
        table.add_row(*row)
    console = Console()
    for told in sentences:
        console.print(told, markup=False, highlight=False)
    console.print(table)
    for name, reason in comparison.unavailable.items():
        console.print(f"{name} could not be used: {reason}", markup=False, highlight=False)
