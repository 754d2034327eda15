"""How far the labelling is, who did what, how far they agree; labels as files."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from atpatch_core import limits
from atpatch_core.errors import LabelError
from atpatch_core.figures.agreement import agreement_in_words, opinion_in_words
from atpatch_core.files.whole_files import scratch_folder
from atpatch_core.labels.disagreements import Disagreement, list_disagreements
from atpatch_core.labels.exchange import export_labels, import_labels
from atpatch_core.labels.statistics import statistics
from atpatch_core.wording.phrases import counted
from pages.label.choice import link_to
from pages.shared.label_store import fingerprint_of, label_store
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_MOST_INPUTS, _MOST_COLUMNS = 12, 8
_REPORT = "label_import_report"
_UPLOAD = "label_import_file"


def show_statistics(opened: OpenSubject) -> None:
    """Counts, annotators and agreement of one subject's labels."""
    found = statistics(label_store(), fingerprint_of(opened))
    agreement = found.agreement
    first, second, third, fourth = st.columns(4)
    first.metric("Inputs queued", f"{found.inputs:,}")
    second.metric("Labelled", f"{found.labelled:,}", help="With at least one submitted answer.")
    third.metric("By two or more", f"{found.doubly:,}")
    value = "\u2013" if agreement.value is None else f"{agreement.value:.2f}"
    fourth.metric(agreement.measure, value, help="1 is full agreement, 0 is chance.")
    st.caption(agreement_in_words(agreement))
    if found.annotators:
        st.table(
            {
                "Annotator": [plain(annotator.name) for annotator in found.annotators],
                "Submitted": [annotator.submitted for annotator in found.annotators],
                "Drafts": [annotator.drafts for annotator in found.annotators],
                "Discarded": [annotator.discarded for annotator in found.annotators],
                "Verdicts": [annotator.verdicts for annotator in found.annotators],
                "Rest benign": [annotator.rest_benign for annotator in found.annotators],
            },
            hide_index=True,
        )
        st.caption(
            "Verdicts in submitted answers: "
            + ", ".join(f"{count:,} {verdict}" for verdict, count in found.verdicts.items())
            + f". {counted(found.rest_benign, 'answer')} also say that the rest is benign; in the "
            f"other answers nothing is said about {counted(found.unjudged, 'column')}, which counts as neither benign "
            "nor over-attended."
        )
    _show_disagreements(opened)


def _show_disagreements(opened: OpenSubject) -> None:
    """Every column about which annotators differ, input by input, with a way to open each."""
    found = list_disagreements(label_store(), fingerprint_of(opened))
    by_input: dict[str, list[Disagreement]] = {}
    for disagreement in found.listed:
        by_input.setdefault(disagreement.digest, []).append(disagreement)
    if not by_input:
        return
    st.markdown(
        f"**Where annotators differ**: {counted(found.contradictions, 'column')} with different verdicts, "
        f"{found.judged_by_some} judged by only some of those who answered the input."
    )
    with st.container(key="label_disagreements", gap="small"):
        for digest, some in list(by_input.items())[:_MOST_INPUTS]:
            with st.container(border=True, gap="small"):
                st.page_link(
                    "pages/label/page.py",
                    label=f"Open {plain(some[0].title or 'untitled')}",
                    icon=":material/open_in_new:",
                    query_params=link_to(digest),
                )
                st.markdown("\n".join(f"- {_in_words(disagreement)}" for disagreement in some[:_MOST_COLUMNS]))
                if len(some) > _MOST_COLUMNS:
                    st.caption(f"and {counted(len(some) - _MOST_COLUMNS, 'column')} more")
    left = len(by_input) - _MOST_INPUTS
    if left > 0:
        st.caption(f"{counted(left, 'input')} more: `atpatch labels disagreements` lists all.")


def _in_words(disagreement: Disagreement) -> str:
    said = ", ".join(f"{plain(opinion.annotator)}: {opinion_in_words(opinion)}" for opinion in disagreement.opinions)
    column = disagreement.column
    place = f"layer {column.layer} \u00b7 head {column.head} \u00b7 column {column.key}"
    return f"{place} \u2013 {said}"


def show_exchange(opened: OpenSubject) -> None:
    """Export to a file, and import from one with a report row by row."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Export** the answers that count, with their inputs")
        kind = st.segmented_control("Format", ["JSON Lines", "Parquet"], default="Parquet", required=True)
        suffix = ".parquet" if kind == "Parquet" else ".jsonl"
        name = f"{opened.subject.name.replace('/', '-')}-labels{suffix}"
        st.download_button(
            f"Download {plain(name)}",
            data=lambda: _exported(fingerprint_of(opened), suffix),
            file_name=name,
            on_click="ignore",
            icon=":material/download:",
        )
    with right, st.form("label_import", border=False, clear_on_submit=True):
        st.markdown("**Import** labels made elsewhere")
        megabytes = limits.UPLOADS.megabytes
        file = st.file_uploader(f"JSON Lines or Parquet, up to {megabytes} MB", max_upload_size=megabytes, key=_UPLOAD)
        if st.form_submit_button("Import", icon=":material/upload:") and file is not None:
            _import(file.name, file.getvalue(), opened)
    _show_report()


def _exported(fingerprint: str, suffix: str) -> bytes:
    store = label_store()
    with scratch_folder() as folder:
        path = folder / f"labels{suffix}"
        export_labels(store, store.answers(fingerprint), path)
        return path.read_bytes()


def _import(name: str, content: bytes, opened: OpenSubject) -> None:
    store, fingerprint = label_store(), fingerprint_of(opened)
    about = next((subject for subject in store.subjects() if subject.fingerprint == fingerprint), None)
    with scratch_folder() as folder:
        path = folder / f"import{Path(name).suffix}"
        path.write_bytes(content)
        try:
            st.session_state[_REPORT] = import_labels(store, path, about)
        except LabelError as error:
            st.session_state[_REPORT] = str(error)
    st.rerun()


def _show_report() -> None:
    report = st.session_state.get(_REPORT)
    if report is None:
        return
    if isinstance(report, str):
        st.error(plain(report), icon=":material/block:")
        return
    sentence = (
        f"Of {counted(report.rows, 'row')}, {report.imported} were imported, {report.present} were here already, and "
        f"{report.refused} are not usable."
    )
    if not report.refused:
        st.success(sentence, icon=":material/check_circle:")
        return
    st.warning(sentence, icon=":material/rule:")
    st.dataframe(
        {
            "Row": [problem.row for problem in report.problems],
            "Field": [problem.field for problem in report.problems],
            "What is wrong": [problem.problem for problem in report.problems],
        },
        hide_index=True,
    )
