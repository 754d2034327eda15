"""Start a training, watch it learn, cancel it. It runs in a process of its own and outlives this page and the app."""

from __future__ import annotations

import time
from itertools import count

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.errors import LabelError
from atpatch_core.figures.learning_curves import auroc_curves, loss_curves
from atpatch_core.figures.learnt_from import in_sentences
from atpatch_core.labels.learnt_from import LearntFrom, learnt_from
from atpatch_core.subjects.detector_versions import list_versions
from atpatch_core.training import Request, Sources, State, Training
from atpatch_core.training.learning import Settings
from atpatch_core.wording.phrases import counted
from pages.detector import address
from pages.detector.readiness import show_readiness
from pages.detector.resources import debugging_sets, label_source, labelled, open_version, training_store
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_GUESSING = 0.6  # an AUROC below it is hardly better than guessing
_EVERY = 1.0  # seconds
_PROBLEM = "detector_problem"
_NAME, _NOTES, _RATE = "detector_new_name", "detector_new_notes", "detector_new_rate"
_LABELS, _SETS = "detector_use_labels", "detector_use_sets"
_RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
_OF_RECORDS = " Debugging sets of records have no use for it: their detector's threshold is chosen by what it cures."
_CONFIG = {"displayModeBar": False}


def show_training_form(opened: OpenSubject) -> None:
    """What a new version is to learn from, and how it is to be called."""
    st.header("Train a new version", anchor=False)
    _show_form(opened)
    problem = st.session_state.pop(_PROBLEM, None)
    if problem is not None:
        st.error(plain(problem), icon=":material/block:")


def show_trainings(opened: OpenSubject) -> None:
    """How the training that is looked at is going, or how it went."""
    known = training_store().trainings(opened.subject.folder)
    if not known:
        return
    st.divider()
    st.header("Training", anchor=False)
    names = {training.id: _title(training) for training in known[:10]}
    running = next((training.id for training in known if not training.over), known[0].id)
    chosen = st.selectbox(
        "Which training",
        list(names),
        key=address.choice("training", list(names), running),
        format_func=lambda training_id: names.get(training_id, str(training_id)),
        label_visibility="collapsed",
    )
    address.write_at_once("training")
    training = next(training for training in known if training.id == chosen)
    if training.over:
        _show_end(opened, training)
        _show_curves(training)
    else:
        _show_progress(training.id)


def _show_form(opened: OpenSubject) -> None:
    sets = debugging_sets(opened)
    try:
        inputs = labelled(opened)
        problem = None
    except (LabelError, AtPatchError) as error:
        inputs, problem = [], str(error)
    if problem is not None:
        st.error(plain(problem), icon=":material/block:")
    taught = learnt_from(inputs)
    bad, clean = taught.over_attended_inputs, taught.clean_inputs
    with st.container(border=True):
        st.checkbox(
            f"Labels: {counted(len(inputs), 'input')}, {bad} with an over-attended column",
            value=bool(inputs),
            key=_LABELS,
            disabled=not inputs,
            help="Submitted answers of all annotators; the majority decides.",
        )
        if inputs:
            _show_learnt_from(taught)
        if sets:
            st.multiselect("Debugging sets", list(sets), key=_SETS, help="Made by `atpatch debug-set` for this model.")
        elif not inputs:
            st.info(
                "There is nothing to learn from yet: label inputs on the Label page, or make a debugging set with "
                "`atpatch debug-set` in `.atpatch/debug-sets`.",
                icon=":material/inbox:",
            )
        left, right = st.columns(2, gap="medium")
        with left:
            taken = _taken_names(opened)
            if st.session_state.get(_NAME, "") in taken:
                st.session_state[_NAME] = next(f"v{number}" for number in count(2) if f"v{number}" not in taken)
            st.text_input("Name", key=_NAME, max_chars=64)
        with right:
            st.select_slider(
                "Clean inputs it may flag",
                _RATES,
                value=0.01,
                key=_RATE,
                format_func=lambda rate: f"{100 * rate:g} %",
                help="The threshold is set for this. Few clean inputs can't prove a low rate: then it is the lowest "
                "that they can prove." + (_OF_RECORDS if opened.subject.kind == "record" else ""),
            )
        rate = st.session_state[_RATE]
        if inputs and not st.session_state.get(_SETS) and clean * rate < 1:
            st.caption(
                f"With {counted(clean, 'clean input')} a rate of {100 * rate:g} % can't be held for sure: label "
                f"{round(1 / rate):,} or more, or expect more false alarms."
            )
        st.text_input("Note", key=_NOTES, max_chars=500, placeholder="What should a colleague know about it?")
        few = bool(inputs) and not st.session_state.get(_SETS) and bool(taught.too_little)
        st.button(
            "Train",
            type="primary",
            icon=":material/model_training:",
            disabled=few or (not inputs and not sets),
            on_click=_start,
            args=(opened,),
        )
        if few:
            st.caption(" ".join(["Labels alone are too few yet.", *map(plain, taught.too_little)]))


def _show_learnt_from(taught: LearntFrom) -> None:
    """What the labels teach, what is left out, and who said what, before anything is trained."""
    with st.expander("What is learnt from labels", icon=":material/fact_check:", expanded=True):
        for sentence in in_sentences(taught):
            st.caption(plain(sentence))
        st.dataframe(
            {
                "annotator": [annotator.name for annotator in taught.annotators],
                "inputs": [annotator.inputs for annotator in taught.annotators],
                "over-attended": [annotator.over_attended for annotator in taught.annotators],
                "benign": [annotator.benign for annotator in taught.annotators],
                "benign as the rest": [annotator.rest_benign for annotator in taught.annotators],
                "unsure": [annotator.unsure for annotator in taught.annotators],
                "unjudged": [annotator.unjudged for annotator in taught.annotators],
            },
            hide_index=True,
            height=min(38 + 35 * len(taught.annotators), 180),
            column_config={"annotator": st.column_config.TextColumn(pinned=True)},
        )


@st.fragment(run_every=_EVERY)
def _show_progress(training: str) -> None:
    job = training_store().get(training)
    if job is None or job.over:
        st.rerun()
    left = job.seconds_left(time.time())
    st.progress(job.status.progress, f"{plain(job.status.stage)} \u00b7 {_duration(left)}")
    st.button("Cancel", icon=":material/close:", on_click=_cancel, args=(training,))
    st.caption("You can close this page meanwhile: the training goes on, and this address leads back to it.")
    _show_curves(job)


def _show_end(opened: OpenSubject, training: Training) -> None:
    status, version = training.status, plain(training.request.version)
    if status.state is State.DONE:
        if training.request.version in {known.name for known in list_versions(opened.subject.folder)}:
            _show_made(opened, training)
            st.button(
                f"Look at {version}",
                icon=":material/visibility:",
                on_click=address.choose,
                args=("version", training.request.version),
            )
        else:
            st.info(f"The training of {version} was completed; the version is no longer here.", icon=":material/info:")
    elif status.state is State.CANCELLED:
        st.info(f"The training of {version} was cancelled; nothing of it is kept.", icon=":material/cancel:")
    else:
        st.error(plain(status.problem or "The training failed."), icon=":material/block:")


def _show_made(opened: OpenSubject, training: Training) -> None:
    """How the version that a training made stands: it is judged before it is called ready."""
    area = training.status.auroc
    measured = "" if area is None else f" On inputs held out from training, it reached an AUROC of {area:.3f}."
    if area is not None and area < _GUESSING:
        measured += (
            " That is next to nothing, as 0.5 is guessing: label more over-attended inputs, or add a debugging set."
        )
    try:
        show_readiness(opened, open_version(opened, training.request.version), "training", measured)
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")


def _show_curves(training: Training) -> None:
    epochs = training_store().epochs(training.id)
    if not epochs:
        return
    measured = [epoch for epoch in epochs if epoch.auroc is not None]
    last = f"after {counted(len(epochs), 'epoch')}, the last loss is {epochs[-1].loss:.3f}"
    left, right = st.columns(2, gap="medium")
    with left:
        st.plotly_chart(
            loss_curves(epochs),
            key=f"detector_loss_{training.id}",
            config=_CONFIG,
            alt=f"Loss of each network: {last}.",
        )
    if measured:
        with right:
            st.plotly_chart(
                auroc_curves(epochs),
                key=f"detector_auroc_{training.id}",
                config=_CONFIG,
                alt=f"AUROC over held-out inputs; the last is {measured[-1].auroc:.3f}.",
            )


def _title(training: Training) -> str:
    asked = time.strftime("%d %b %H:%M", time.localtime(training.status.began))
    return f"{training.request.version}, started {asked}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "working out how long it will take\u2026"
    if seconds < 90:
        return f"about {counted(max(1, round(seconds)), 'second')} left"
    return f"about {round(seconds / 60)} minutes left"


def _taken_names(opened: OpenSubject) -> set[str]:
    """Names that a new version can't have."""
    running = [training for training in training_store().trainings(opened.subject.folder) if not training.over]
    known = {version.name for version in list_versions(opened.subject.folder)}
    return known | {training.request.version for training in running} | {""}


def _start(opened: OpenSubject) -> None:
    state = st.session_state
    sets = debugging_sets(opened)
    try:
        sources = Sources(
            (label_source(),) if state.get(_LABELS) else (),
            tuple(sets[name] for name in state.get(_SETS, ()) if name in sets),
        )
        by_cure = opened.subject.kind == "record" and bool(sources.debugging_sets)
        request = Request(
            opened.subject.folder,
            sources,
            Settings(false_positive_rate=None if by_cure else float(state[_RATE])),
            str(state[_NAME]).strip(),
            str(state[_NOTES]).strip(),
        )
        address.choose("training", training_store().start(request).id)
    except AtPatchError as error:
        state[_PROBLEM] = str(error)
        return
    st.toast("The training has begun: its progress is shown below.", icon=":material/model_training:")
    state[_NAME] = state[_NOTES] = ""


def _cancel(training: str) -> None:
    try:
        training_store().cancel(training)
    except AtPatchError as error:
        st.session_state[_PROBLEM] = str(error)
