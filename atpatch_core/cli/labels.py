"""`atpatch labels`: queue inputs, exchange labels as files, and count them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ..errors import AtPatchError, InputError, LabelError
from ..figures.agreement import agreement_in_words, opinion_in_words
from ..figures.learnt_from import as_rows
from ..labels.contract import SubjectRef
from ..labels.disagreements import list_disagreements
from ..labels.exchange import ImportReport, export_labels, import_labels
from ..labels.intake import send_to_labelling
from ..labels.learnt_from import learnt_from
from ..labels.statistics import LabelStatistics, statistics
from ..labels.store import LabelStore
from ..subjects.loading import load
from .output import print_json, print_table, progress_bars
from .parameters import AsJson, SubjectName

labels = typer.Typer(
    help="What analysts say about attention columns, in .atpatch/labels.sqlite or ATPATCH_DATABASE_URL.",
    no_args_is_help=True,
)

_Subject = Annotated[str | None, typer.Option("--subject", help="Only this subject: its name, or its fingerprint.")]


@labels.command()
def queue(
    subject: SubjectName,
    files: Annotated[list[Path], typer.Argument(help="Inputs to be labelled.")],
    as_json: AsJson = False,
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
    as_json: AsJson = False,
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
    file: Annotated[Path, typer.Argument(help="A .jsonl or .parquet file; docs/labels.md names its fields.")],
    subject: Annotated[
        str | None, typer.Option("--subject", help="The subject of rows that name none: its name, or its fingerprint.")
    ] = None,
    as_json: AsJson = False,
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
def show_statistics(subject: _Subject = None, as_json: AsJson = False) -> None:
    """Count inputs, answers and verdicts, and how far the annotators agree."""
    with LabelStore.open() as store:
        about = None if subject is None else _known(store, subject)
        found = statistics(store, None if about is None else about.fingerprint)
    if as_json:
        print_json({"subject": None if about is None else about.name, **asdict(found)})
    else:
        print_table("All subjects" if about is None else about.name, _statistics_rows(found))


@labels.command("disagreements")
def show_disagreements(
    subject: _Subject = None,
    most: Annotated[int, typer.Option(min=1, help="How many columns to list.")] = 1_000,
    as_json: AsJson = False,
) -> None:
    """List the columns about which annotators differ, and who said what: contradictions first."""
    with LabelStore.open() as store:
        about = None if subject is None else _known(store, subject)
        names = {known.fingerprint: known.name for known in store.subjects()}
        found = list_disagreements(store, None if about is None else about.fingerprint, most)
    if as_json:
        listed = [
            {
                "subject": names[disagreement.subject],
                "fingerprint": disagreement.subject,
                "input_sha256": disagreement.digest,
                "title": disagreement.title,
                "layer": disagreement.column.layer,
                "head": disagreement.column.head,
                "column": disagreement.column.key,
                "contradiction": disagreement.contradiction,
                "said": [asdict(opinion) for opinion in disagreement.opinions],
                "open": _page_of(names[disagreement.subject], disagreement.digest),
            }
            for disagreement in found.listed
        ]
        counts = {"contradictions": found.contradictions, "judged_by_some": found.judged_by_some}
        print_json({"subject": None if about is None else about.name, **counts, "listed": listed})
        return
    rows = [("different verdicts", f"{found.contradictions:,}"), ("judged by only some", f"{found.judged_by_some:,}")]
    for disagreement in found.listed:
        said = ", ".join(f"{opinion.annotator}: {opinion_in_words(opinion)}" for opinion in disagreement.opinions)
        place = f"layer {disagreement.column.layer}, head {disagreement.column.head}, column {disagreement.column.key}"
        rows.append((f"{disagreement.title or 'untitled'} ({disagreement.digest[:8]}), {place}", said))
    print_table("All subjects" if about is None else about.name, rows)


@labels.command("learnt-from")
def show_learnt_from(
    subject: SubjectName,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--labels", help="store (the default), the address of a database, or an exported file; repeatable."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count what a detector of this model would learn from labels, what would be left out, and what is too little."""
    from ..training.sources import STORE, read_labels

    loaded = load(subject)
    found = learnt_from(read_labels(tuple(sources or (STORE,)), loaded))
    if as_json:
        print_json({"subject": loaded.name, **asdict(found)})
    else:
        print_table(f"{loaded.name}: what is learnt from labels", as_rows(found))


def _page_of(name: str, digest: str) -> str:
    """The address of the Label page at this input, without the dashboard's own."""
    return f"/label?{urlencode({'subject': name, 'input': digest})}"


def _known(store: LabelStore, text: str) -> SubjectRef:
    name = Path(text).name
    known = store.subjects()
    found = [candidate for candidate in known if text == candidate.fingerprint] or [
        candidate for candidate in known if name == candidate.name
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        names = ", ".join(sorted({candidate.name for candidate in known})) or "none yet"
        raise LabelError(f"No input of {name!r} was ever queued; the subjects in the store are: {names}.")
    raise LabelError(f"{len(found)} models are called {name!r}: name one by its fingerprint instead.")


def read_file(file: Path) -> bytes:
    """The bytes of an input.

    Raises:
        InputError: it can't be read.
    """
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
    return rows + [(f"row {problem.row}, {problem.field}", problem.problem) for problem in report.problems]


def _statistics_rows(found: LabelStatistics) -> list[tuple[str, str]]:
    rows: list[tuple[str, Any]] = [
        ("inputs", f"{found.inputs:,}"),
        ("labelled", f"{found.labelled:,}, by two or more: {found.doubly:,}"),
        *((f"verdicts: {verdict}", f"{count:,}") for verdict, count in found.verdicts.items()),
        ("answers: the rest is benign", f"{found.rest_benign:,}"),
        ("columns not judged", f"{found.unjudged:,}, in the other answers"),
    ]
    rows += [
        (
            annotator.name,
            f"{annotator.submitted} submitted, {annotator.drafts} drafts, {annotator.discarded} discarded, "
            f"{annotator.verdicts} verdicts, "
            f"{annotator.rest_benign} times the rest benign",
        )
        for annotator in found.annotators
    ]
    agreement = found.agreement
    if agreement.value is not None:
        columns = agreement.columns + agreement.judged_by_one
        rows.append((agreement.measure, f"{agreement.value:.3f} on {columns:,} columns"))
    rows.append(("agreement", agreement_in_words(agreement)))
    return rows
