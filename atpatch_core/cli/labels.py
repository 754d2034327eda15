"""`atpatch labels`: queue inputs, exchange labels as files, and count them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import AtPatchError, InputError, LabelError
from ..labels.contract import SubjectRef
from ..labels.exchange import ImportReport, export_labels, import_labels
from ..labels.intake import send_to_labelling
from ..labels.statistics import LabelStatistics, statistics
from ..labels.store import LabelStore
from ..subjects.loading import load
from .output import print_json, print_table, progress_bars

labels = typer.Typer(
    help="What analysts say about attention columns, in .atpatch/labels.sqlite or ATPATCH_DATABASE_URL.",
    no_args_is_help=True,
)

_Subject = Annotated[str | None, typer.Option("--subject", help="Only this subject: its name, or its fingerprint.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@labels.command()
def queue(
    subject: Annotated[str, typer.Argument(help="Model folder or hub id.")],
    files: Annotated[list[Path], typer.Argument(help="Inputs to be labelled.")],
    as_json: _Json = False,
) -> None:
    """Put inputs into a subject's labelling queue, with what its detector says about them."""
    loaded = load(subject)
    refused: dict[str, str] = {}
    added = 0
    with LabelStore.open() as store, progress_bars() as on_step:
        for number, file in enumerate(files):
            try:
                added += send_to_labelling(store, loaded, read_file(file), file.name, "a file", loaded.version)
            except AtPatchError as error:
                refused[str(file)] = str(error)
            on_step("looking at the inputs", number + 1, len(files))
    present = len(files) - added - len(refused)
    if as_json:
        print_json({"subject": loaded.name, "added": added, "present": present, "refused": refused})
    else:
        rows = [("added", str(added)), ("already in the queue", str(present)), *refused.items()]
        print_table(f"{loaded.name}: labelling queue", rows)
    if refused:
        raise LabelError(f"{len(refused)} of {len(files)} inputs can't be labelled: see above.")


@labels.command("export")
def export_file(
    out: Annotated[Path, typer.Argument(help="The .jsonl or .parquet file to write.")],
    subject: _Subject = None,
    history: Annotated[
        bool, typer.Option("--history", help="Every revision of every answer, not only those that count.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Write labels, with the inputs they are about, as JSON Lines or Parquet."""
    with LabelStore.open() as store:
        about = None if subject is None else _known(store, subject).fingerprint
        count = export_labels(store, store.all_answers(about) if history else store.answers(about), out)
    if as_json:
        print_json({"file": str(out), "answers": count})
    else:
        print(f"{count:,} answers are in {out}.")


@labels.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A .jsonl or .parquet file; the README names its fields.")],
    subject: Annotated[
        str | None, typer.Option("--subject", help="The subject of rows that name none: its name, or its fingerprint.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Read labels row by row: sound rows are kept, and every other one is reported with what is wrong with it."""
    with LabelStore.open() as store:
        report = import_labels(store, file, None if subject is None else _known(store, subject))
    if as_json:
        print_json({"file": str(file), **asdict(report)})
    else:
        print_table(str(file), _report_rows(report))
    if report.refused:
        raise LabelError(f"{report.refused} of {report.rows} rows are not usable: see above, mend them, import again.")


@labels.command("stats")
def show_statistics(subject: _Subject = None, as_json: _Json = False) -> None:
    """Count inputs, answers and verdicts, and how far the annotators agree."""
    with LabelStore.open() as store:
        about = None if subject is None else _known(store, subject)
        found = statistics(store, None if about is None else about.fingerprint)
    if as_json:
        print_json({"subject": None if about is None else about.name, **asdict(found)})
    else:
        print_table("All subjects" if about is None else about.name, _statistics_rows(found))


def _known(store: LabelStore, text: str) -> SubjectRef:
    name = Path(text).name
    known = store.subjects()
    found = [one for one in known if text == one.fingerprint] or [one for one in known if name == one.name]
    if len(found) == 1:
        return found[0]
    if not found:
        names = ", ".join(sorted({one.name for one in known})) or "none yet"
        raise LabelError(f"No input of {name!r} was ever queued; the subjects in the store are: {names}.")
    raise LabelError(f"{len(found)} models are called {name!r}: name one by its fingerprint instead.")


def read_file(file: Path) -> bytes:
    """The bytes of an input. Raises `InputError` when it can't be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} can't be read: check the name.") from error


def _report_rows(report: ImportReport) -> list[tuple[str, str]]:
    rows = [
        ("rows", f"{report.rows:,}"),
        ("imported", f"{report.imported:,}"),
        ("already there", f"{report.present:,}"),
        ("refused", f"{report.refused:,}"),
    ]
    return rows + [(f"row {one.row}, {one.field}", one.problem) for one in report.problems]


def _statistics_rows(found: LabelStatistics) -> list[tuple[str, str]]:
    rows: list[tuple[str, Any]] = [
        ("inputs", f"{found.inputs:,}"),
        ("labelled", f"{found.labelled:,}, by two or more: {found.doubly:,}"),
        *((f"verdicts: {verdict}", f"{count:,}") for verdict, count in found.verdicts.items()),
    ]
    rows += [
        (
            one.name,
            f"{one.submitted} submitted, {one.drafts} drafts, {one.discarded} discarded, {one.verdicts} verdicts",
        )
        for one in found.annotators
    ]
    agreement = found.agreement
    if agreement.value is None:
        rows.append(("agreement", agreement.note))
    else:
        rows.append((agreement.measure, f"{agreement.value:.3f} on {agreement.columns:,} columns"))
    return rows
