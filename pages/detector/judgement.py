"""How good a version is on inputs that it did not learn from: curves, what a threshold means, and its columns."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.detector.joint import Jointly
from atpatch_core.errors import DetectorError
from atpatch_core.figures.column_embedding import column_embedding
from atpatch_core.figures.detection_curves import curve, roc
from atpatch_core.figures.precision_recall import precision_recall
from atpatch_core.subjects.detector_versions import active_version
from atpatch_core.versions.held_out import HeldOut, has_evaluation_data
from atpatch_core.versions.judgement import Judged, confusion, judge, precision_and_recall, threshold_for
from atpatch_core.wording.phrases import counted, percent
from pages.detector import address
from pages.detector.readiness import show_readiness
from pages.detector.resources import (
    LABELS,
    SET,
    TEST,
    Version,
    debugging_sets,
    embedding_of,
    inputs_to_judge_on,
    open_version,
    scores_of,
)
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_CONFIG = {"displayModeBar": False}
_OWN = "as it is"
_NO_WORDS = " On a debugging set of texts it can't be judged: its triggers are vectors, and no words."
_RATES = ("0", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5")


def show_judgement(opened: OpenSubject, version: Version) -> str | None:
    """Everything about one version; returns what it was judged on, or `None` if there is nothing to judge on."""
    st.divider()
    st.header(plain(f"How good is version {version.name}?"), anchor=False)
    if not version.detector.watched:
        st.info(
            "This version watches no layer: nothing was found to learn from, so it never flags anything.",
            icon=":material/visibility_off:",
        )
        return None
    show_readiness(opened, version, "judgement")
    known = _data(opened, version)
    if not known:
        st.info(
            "There is nothing to judge it on: this model has no test inputs with a known attack, and there is no "
            "labelled input that this version did not learn from. Label some more."
            + (_NO_WORDS if opened.subject.kind == "text" and debugging_sets(opened) else ""),
            icon=":material/inbox:",
        )
        return None
    chosen = st.segmented_control(
        "Judged on",
        list(known),
        key=address.choice("on", list(known), next(iter(known))),
        format_func=lambda option: known[option],
        required=True,
    )
    data = str(chosen)
    inputs = inputs_to_judge_on(opened, data, version)
    judged = judge(scores_of(opened, version, inputs, data), inputs.over_attended)
    _show_verdict(version, inputs, judged)
    if version.chosen_on:
        st.caption(
            f"Its threshold was chosen on {counted(len(version.chosen_on), 'input')}; it is judged on others only."
        )
    if data != LABELS:  # the active version may have learnt from some of them
        _show_beside_active(opened, version, inputs, judged, data)
    if judged.auroc is not None:
        _show_curves(judged)
    _show_threshold(version, judged)
    _show_embedding(opened, version, data)
    return data


def _data(opened: OpenSubject, version: Version) -> dict[str, str]:
    """What there is to judge on, and how it is called."""
    found = {}
    if has_evaluation_data(opened.subject):
        records = opened.subject.kind == "record"
        found[TEST] = f"Test inputs, {'hijacked or not' if records else 'with and without the known trigger'}"
    left = len(inputs_to_judge_on(opened, LABELS, version))
    if left:
        found[LABELS] = f"{counted(left, 'labelled input')} it did not learn from"
    for name in debugging_sets(opened) if opened.subject.kind != "text" else ():
        found[SET + name] = f"Debugging set {name}"
    return found


def _show_verdict(version: Version, inputs: HeldOut, judged: Judged) -> None:
    bad = int(inputs.over_attended.sum())
    own = confusion(judged, version.detector.threshold)
    parts = [f"Of {counted(bad, 'over-attended input')} it finds **{own.found}**"] if bad else []
    if len(inputs) > bad:
        parts.append(f"of {len(inputs) - bad} others it flags **{own.false_alarms}**")
    sentence = ", ".join(parts) + "."
    if judged.auroc is not None:
        sentence += f" AUROC {judged.auroc:.4f}, average precision {judged.average_precision:.4f}."
    watched = version.detector.watched
    jointly = ", which judge jointly" if isinstance(version.detector.reach, Jointly) else ""
    layers = f"layer{'s' if len(watched) > 1 else ''} {', '.join(map(str, watched))}"
    st.markdown(f"{sentence} It watches {layers}{jointly}.")


def _show_beside_active(opened: OpenSubject, version: Version, inputs: HeldOut, judged: Judged, data: str) -> None:
    """Whether making this version active would be a step forward, on the same inputs."""
    name = active_version(opened.subject.folder)
    if name is None or name == version.name:
        return
    try:
        active = open_version(opened, name)
    except DetectorError:
        return  # the table says that it is damaged
    own = confusion(judged, version.detector.threshold)
    theirs = confusion(judge(scores_of(opened, active, inputs, data), inputs.over_attended), active.detector.threshold)
    numbers = f"it finds {own.found} (active: {theirs.found}) and flags {own.false_alarms} others "
    numbers += f"(active: {theirs.false_alarms})"
    if own.found < theirs.found or own.false_alarms > theirs.false_alarms:
        st.warning(
            plain(f"On the same inputs this does not do as well as the active version, {name}: {numbers}."),
            icon=":material/warning:",
        )
    else:
        st.success(
            plain(f"On the same inputs this does at least as well as the active version, {name}: {numbers}."),
            icon=":material/check_circle:",
        )


def _show_curves(judged: Judged) -> None:
    left, right = st.columns(2, gap="medium")
    found = curve(judged.scores[~judged.over_attended], judged.scores[judged.over_attended])
    precision, recall = precision_and_recall(judged)
    with left:
        st.plotly_chart(
            roc({"version": found}), key="detector_roc", config=_CONFIG, alt=f"ROC curve, AUROC {judged.auroc:.4f}."
        )
    with right:
        st.plotly_chart(
            precision_recall(precision, recall, float(judged.over_attended.mean())),
            key="detector_pr",
            config=_CONFIG,
            alt=f"Precision over recall, average precision {judged.average_precision:.4f}.",
        )


def _show_threshold(version: Version, judged: Judged) -> None:
    st.markdown("**What would a threshold do?**")
    rates = [_OWN, *_RATES]
    rate = st.select_slider(
        "Inputs that are not over-attended, but may be flagged",
        rates,
        key=address.choice("fpr", rates, _OWN),
        format_func=lambda option: _OWN if option == _OWN else f"{100 * float(option):g} %",
        help="For looking only: the version keeps its own threshold. `atpatch calibrate` sets another one.",
    )
    threshold = version.detector.threshold if rate == _OWN else threshold_for(judged, float(rate))
    counts = confusion(judged, threshold)
    with st.container(horizontal=True, gap="large", key="detector_confusion"):
        st.metric("Found", counts.found, help="Over-attended, and flagged.", width="content")
        st.metric("Missed", counts.missed, help="Over-attended, but not flagged.", width="content")
        st.metric("False alarms", counts.false_alarms, help="Not over-attended, but flagged.", width="content")
        st.metric("Left alone", counts.left_alone, help="Not over-attended, and not flagged.", width="content")
    shares = []
    if counts.found + counts.missed:
        shares.append(f"finds {percent(counts.true_positive_rate)}")
    if counts.false_alarms + counts.left_alone:
        shares.append(f"raises a false alarm on {percent(counts.false_positive_rate)} of the others")
    st.caption(f"Threshold {threshold:.4f}: it {' and '.join(shares)}.")


def _show_embedding(opened: OpenSubject, version: Version, data: str) -> None:
    with st.expander("How the network sees columns", icon=":material/scatter_plot:", on_change="rerun") as expander:
        if not expander.open:
            return
        if data.startswith(SET):
            st.markdown("Choose test inputs or labelled inputs above: only of those the columns are known.")
            return
        layers = [str(layer) for layer in version.detector.watched]
        layer = layers[0]
        key = address.choice("layer", layers, layers[0])
        if len(layers) > 1:
            layer = str(
                st.segmented_control(
                    "Layer", layers, key=key, format_func=lambda layer: f"layer {layer}", required=True, width="content"
                )
            )
        try:
            embedding = embedding_of(opened, version, data, int(layer))
        except AtPatchError as error:
            st.info(plain(str(error)), icon=":material/info:")
            return
        st.plotly_chart(
            column_embedding(embedding),
            key="detector_embedding",
            config=_CONFIG,
            alt=f"{int(embedding.over_attended.sum())} over-attended and {int((~embedding.over_attended).sum())} "
            "benign columns, laid out by what the network makes of them.",
        )
        st.caption(
            "Each mark is a column, as the network's last layer but one sees it, in the two directions that differ "
            f"most ({percent(embedding.kept)} of all differences). Of the benign ones, those that come closest to "
            "being flagged and some at random."
        )
