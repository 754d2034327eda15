"""What `atpatch evaluate --defences ... --attacks ...` does: one table of many defences against many attacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..errors import InputError
from ..evaluation.ablations import ablations
from ..evaluation.attacks import Trigger
from ..evaluation.choosing import chosen
from ..evaluation.comparison import Comparison, compare
from ..evaluation.comparison_report import (
    comparison_as_csv,
    comparison_as_json,
    comparison_as_markdown,
    sentence,
    table_cells,
)
from ..evaluation.datasets import read_labelled_images
from ..evaluation.defences.catalogue import Method
from ..evaluation.evaluate import Triggered, apply_trigger
from ..evaluation.labelled import Labelled
from ..evaluation.modalities import MODALITIES
from ..evaluation.trial import Attack
from ..files.whole_files import write_whole_text
from ..subjects.subject import Subject
from .output import print_json, progress_bars, tell_left_out


def chosen_methods(subject: Subject, defences: str | None, ablate: bool) -> dict[str, Method]:
    """The defences to compare: those named, or the ablations, or both.

    Args:
        subject: the model that they defend, of any kind.
        defences: names with commas between them, "all", or `None`.
        ablate: whether AtPatch's own parts are left out one at a time, too.

    Returns:
        The methods by name, in the order in which they are listed.

    Raises:
        InputError: a name is not known.
    """
    known = MODALITIES[subject.kind].defences(subject)
    if not ablate:
        return chosen(defences or "all", known, "defence")
    more = ablations(subject)
    return chosen(defences, {**known, **more}, "defence") | more if defences else more


def check_files(*files: Path | None) -> None:
    """Raise `InputError` for a file that can't be written, before hours are spent on what would go into it."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise InputError(f"There is no folder {file.parent} to write {file.name} into: make it first.")


def run_comparison(
    subject: Subject,
    data: Labelled,
    own: Mapping[str, Trigger],
    triggered: Mapping[str, Triggered],
    clean: Path | None,
    methods: Mapping[str, Method],
    attacks: str,
    seeds: int,
    false_positive_rate: float,
) -> tuple[Comparison, tuple[str, ...]]:
    """Compare defences on labelled inputs.

    Args:
        subject: the model to defend.
        data: clean inputs with their labels.
        own: the subject's own triggers, by name.
        triggered: inputs that already hold a trigger, by name; if there are any, they are judged instead of triggers.
        clean: a Parquet file of images for the defender; without it, the defender has a part of `data` that is not
            judged on.
        methods: the defences, by name.
        attacks: names of attacks with commas between them, or "all".
        seeds: how many runs there are, each with another seed.
        false_positive_rate: the share of clean inputs that a defence may flag, 0 to 1.

    Returns:
        The comparison, and what it says in sentences, one for each attack.

    Raises:
        InputError: a name is not known, or the subject comes with no attack.
    """
    defender = None if clean is None else read_labelled_images(clean, subject.labels)
    if defender is not None:
        tell_left_out(defender.left_out, len(defender))
    made: dict[str, Attack] = {name: partial(_brought, images) for name, images in triggered.items()}
    if not made:
        known = MODALITIES[subject.kind].variations(own, data)
        if subject.kind == "text" and not known:
            raise InputError(
                f"{subject.name} comes with no known attack to compare defences by: judge it without --defences."
            )
        made = {name: partial(apply_trigger, trigger) for name, trigger in chosen(attacks, known, "attack").items()}
    with progress_bars() as on_step:
        comparison = compare(subject, methods, data, made, defender, false_positive_rate, range(seeds), on_step)
    # Runs on texts are about other texts each, so that the sentences are about one of them.
    summarised = replace(comparison, runs=comparison.runs[-1:]) if comparison.modality.own_halves else comparison
    return comparison, tuple(sentence(summarised, attack) for attack in comparison.attacks)


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
        subject: the model that was defended.
        comparison: what was measured.
        sentences: what it says, one for each attack.
        as_json: whether JSON is printed instead of sentences and a table.
        csv_file: where the table is written as CSV, if anywhere.
        markdown_file: where it is written as Markdown, if anywhere.

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
    for line in sentences:
        console.print(line, markup=False, highlight=False)
    console.print(table)
    for name, reason in comparison.unavailable.items():
        console.print(f"{name} could not be used: {reason}", markup=False, highlight=False)


def _brought(triggered: Triggered, _clean: Labelled, _seed: int) -> Triggered:
    """An attack that somebody else made: other images, whatever is judged on."""
    return triggered
