"""Compare what could be done about a biased model for records: who is treated by a protected attribute?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from atpatch_core.digest import digest_of
from atpatch_core.evaluation.defences.catalogue import ATPATCH
from atpatch_core.evaluation.fairness_comparison import (
    FairnessComparison,
    compare_fairness,
    fairness_as_csv,
    fairness_sentence,
)
from atpatch_core.evaluation.record_data import LabelledRecords, parse_labelled_records, read_labelled_records
from atpatch_core.figures.tradeoff import Place
from atpatch_core.subjects.record import record_schema
from pages.evaluate.job import show_job
from pages.evaluate.panels import (
    NOT_MEASURED,
    chosen_group,
    csv_button,
    interval,
    per_cent,
    show_tradeoff,
    show_verdict,
)
from pages.evaluate.source import Readers, Source, chosen_source
from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject
from pages.shared.triage_link import triage_link

_MOST_SHOWN = 200
# How each row of the trade-off is drawn; all others are other methods.
_FAMILIES = {"no fix": "none", ATPATCH: "atpatch", "oracle": "bound", "random columns": "columns", "z-score": "columns"}

_MEANING = {
    "IDR": "Individual discrimination rate: people whose answer changes with any other value of the attribute.",
    "changed": "People who get another answer than from the untouched model.",
    "SPD": "Statistical parity difference: rate of the better answer among the unprivileged minus the privileged.",
    "EOD": "Equal opportunity difference: the same among those who truly belong there.",
}


def show_records(opened: OpenSubject) -> None:
    """Which records, the run, its results."""
    with st.container(border=True):
        chosen = _chosen(opened)
    if chosen is None:
        return
    address.write({"subject": opened.subject.name, "data": chosen.upload})
    comparison = show_job(
        digest_of(f"{opened.key}|{chosen.upload}".encode()),
        f"AtPatch and everything else that could be done, on {len(chosen.data):,} records",
        lambda on_step: compare_fairness(opened.subject, chosen.data, on_step=on_step),
        {"preparing the defences": 8.0},
    )
    if comparison is not None:
        _show_results(opened, comparison)


def _chosen(opened: OpenSubject) -> Source[LabelledRecords] | None:
    return chosen_source(
        "Labelled records",
        Readers(
            own=opened.subject.folder / "eval" / "records.parquet",
            read=lambda path: _read(opened, path, opened.key),
            parse=lambda content, digest: _parse(opened, content, opened.key, digest),
            label="CSV, JSON or Parquet file",
            columns="The fields that the model reads, and a column `label` with the true class of every record.",
        ),
    )


def _show_results(opened: OpenSubject, comparison: FairnessComparison) -> None:
    attribute = comparison.attributes[0]
    if len(comparison.attributes) > 1:
        attribute = st.segmented_control(
            "Protected attribute", comparison.attributes, default=attribute, required=True, key="evaluate_attribute"
        )
    show_verdict(fairness_sentence(comparison, attribute))
    chosen = _show_table(comparison, attribute)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("In per cent. Select a row to see the people behind it below.", width="content")
        csv_button(opened, "fairness", lambda: fairness_as_csv(comparison))
    st.caption(
        f"Measured on {comparison.n:,} people. IDR: individual discrimination rate. SPD: statistical parity "
        "difference, the rate of the better answer among the unprivileged minus that among the privileged. EOD: equal "
        "opportunity difference, the same among those who truly belong there. For all three, 0 is best."
    )
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.header("What is left, and what it costs", anchor=False)
        _show_tradeoff(comparison, attribute)
    with right:
        st.header(plain(f"The people behind {chosen}"), anchor=False)
        _show_people(opened, comparison, chosen, attribute)
    st.caption(
        "IDR can't show proxies: a model may know an attribute from other fields, and flipping the attribute alone "
        "then changes nothing. SPD and EOD see that, but also real differences between groups. Read them together."
    )


def _show_table(comparison: FairnessComparison, attribute: str) -> str:
    """The table, and the name of the defence whose row is selected in it (AtPatch, if none is)."""
    names = list(comparison.figures)
    all_figures = list(comparison.figures.values())
    own = [one.attributes[attribute] for one in all_figures]
    cells: dict[str, list[object]] = {
        "defence": list(names),
        "IDR": [per_cent(one.idr_after.value) for one in own],
        "95 % interval": [interval(one.idr_after) for one in own],
        "accuracy": [per_cent(one.accuracy_after.value) for one in all_figures],
        "changed": [per_cent(one.changed.value) for one in all_figures],
        "SPD": [per_cent(one.spd_after.value) for one in own],
        "EOD": [per_cent(one.eod_after.value) for one in own],
    }
    event = st.dataframe(
        cells,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="evaluate_record_table",
        placeholder=NOT_MEASURED,
        column_config={
            heading: st.column_config.NumberColumn(format="%.2f", help=_MEANING.get(heading))
            for heading in ("IDR", "accuracy", "changed", "SPD", "EOD")
        }
        | {"defence": st.column_config.TextColumn(pinned=True)},
    )
    picked = event["selection"]["rows"]
    return names[picked[0]] if picked and picked[0] < len(names) else ATPATCH


def _show_tradeoff(comparison: FairnessComparison, attribute: str) -> None:
    before = comparison.figures["no fix"].accuracy_after.value
    places = [
        Place(
            name,
            _FAMILIES.get(name, "variant" if name.startswith(("flagged", "not rescaled")) else "peer"),
            one.attributes[attribute].idr_after.value,
            before - one.accuracy_after.value,
            None,
        )
        for name, one in comparison.figures.items()
    ]
    show_tradeoff(
        places,
        "evaluate_record_tradeoff",
        f"Discrimination by {attribute} over the drop of accuracy",
        left=f"IDR for {attribute}",
        lost="accuracy drop",
        bound="bound (tries all flips)",
    )


def _show_people(opened: OpenSubject, comparison: FairnessComparison, defence: str, attribute: str) -> None:
    number = comparison.attributes.index(attribute)
    treated = comparison.discriminated[defence][:, number]
    untreated = comparison.discriminated["no fix"][:, number] & ~treated
    changed = comparison.answers[defence] != comparison.answers["no fix"]
    groups = {
        f"still treated by {attribute}": treated,
        f"no longer treated by {attribute}": untreated,
        "who get another answer": changed,
    }
    sizes = {name: int(members.sum()) for name, members in groups.items()}
    which = chosen_group("Which of them", sizes, "evaluate_people")
    index = np.flatnonzero(groups[which])
    if len(index) == 0:
        st.markdown("Nobody.")
        return
    shown = index[:_MOST_SHOWN].tolist()
    people = [comparison.data.records[one] for one in shown]
    labels = opened.subject.labels
    event = st.dataframe(
        {
            "before": [labels[comparison.answers["no fix"][one]] for one in shown],
            "after": [labels[comparison.answers[defence][one]] for one in shown],
            "true": [labels[comparison.data.labels[one]] for one in shown],
            **{name: [person[name] for person in people] for name in people[0]},
        },
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="evaluate_people_table",
        height=320,
    )
    if len(index) > _MOST_SHOWN:
        st.caption(f"The first {_MOST_SHOWN} of {len(index):,}.")
    picked = event["selection"]["rows"]
    if picked and picked[0] < len(people):
        triage_link(opened, people[picked[0]], "Open this person in Triage")
    else:
        st.caption("Select a person to open them in Triage.")


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=4, show_spinner="Reading the records\u2026")
def _read(_opened: OpenSubject, _path: Path, key: str) -> LabelledRecords:
    return read_labelled_records(_path, record_schema(_opened.subject), _opened.subject.labels)


@st.cache_resource(max_entries=2, show_spinner="Reading the records\u2026")
def _parse(_opened: OpenSubject, _content: bytes, key: str, digest: str) -> LabelledRecords:
    return parse_labelled_records(_content, record_schema(_opened.subject), _opened.subject.labels)
