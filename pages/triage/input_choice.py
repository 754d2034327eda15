"""Which input is looked at: a sample, or one that the person brings (how, depends on its kind)."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from atpatch_core import AtPatchError
from pages.components.stale.stale import show_stale
from pages.shared.markdown import plain, quoted
from pages.shared.resources import OpenInput, OpenSubject, read_input, samples, samples_problem, uploads
from pages.shared.samples import Sample
from pages.shared.triage_address import View
from pages.shared.upload_names import upload_name
from pages.triage import state
from pages.triage.input_views import view_of

_SOURCE = "input_source"
_SAMPLE = "input_sample"


def chosen_input(view: View, opened: OpenSubject) -> OpenInput | None:
    """The input of `view`, or the first triggered sample; `None` if there is none that can be read.

    Whatever was wrong with the one asked for becomes a notice.
    """
    notice = None
    kind = opened.subject.kind
    if view.upload is not None:
        content = uploads().get(view.upload)
        if content is not None:
            try:
                return read_input(opened, content, upload_name(view.upload, kind))
            except AtPatchError as error:
                notice = str(error)
        else:
            notice = f"The uploaded {kind} is no longer stored here: upload it again. Showing a sample instead."
    available = samples(opened)
    if not available and (problem := samples_problem()) is not None:
        notice = notice or problem
    if notice is None and view.sample is not None and view.sample not in available:
        notice = f"There is no sample {quoted(view.sample)}: showing another one instead."
    for sample in _in_order(available, view.sample):
        try:
            opened_input = read_input(opened, sample.path.read_bytes(), sample.title)
        except (AtPatchError, OSError) as error:
            notice = notice or f"The sample {quoted(sample.title)} can't be read ({error})."
            continue
        state.settle(replace(view, sample=sample.id, upload=None), notice)
        return opened_input
    state.settle(replace(view, sample=None, upload=None), notice)
    return None


def show_unsent(opened: OpenSubject, opened_input: OpenInput) -> None:
    """Say so when the fields that a person types into no longer hold the input that is shown."""
    kind = opened.subject.kind
    show_stale(view_of(kind).typed(str(st.session_state[f"{_SOURCE}_{kind}"]), opened, opened_input))


def show_input_choice(view: View, opened: OpenSubject) -> None:
    """The source, and what there is to choose from it. Choosing a source alone leaves the input as it is."""
    kind = opened.subject.kind
    own = view_of(kind)
    key = f"{_SOURCE}_{kind}"
    if key not in st.session_state:
        st.session_state[key] = own.SOURCES[0] if view.upload is not None else "Sample"
    with st.container(horizontal=True):
        source = st.segmented_control(
            kind.capitalize(),
            ("Sample", *own.SOURCES),
            key=key,
            required=True,
            on_change=_choose_source,
            width="content",
        )
        if source == "Sample":
            _show_samples(view, opened)
            return
    own.show_source(str(source), opened)
    if view.upload is not None:
        name = plain(upload_name(view.upload, kind))
        st.caption(f"Shown below: {name}. It stays on this computer; the link to this view finds it again.")


def _show_samples(view: View, opened: OpenSubject) -> None:
    available, kind = samples(opened), opened.subject.kind
    if not available:
        st.info(f"No sample {kind}s for this model are installed here: use one of your own.", icon=":material/inbox:")
        return
    st.selectbox(
        f"Sample {kind}",
        list(available),
        format_func=lambda sample_id: available[sample_id].title if sample_id in available else str(sample_id),
        key=state.bound(_SAMPLE, view.sample if view.upload is None else None),
        placeholder="Choose a sample",
        on_change=_choose_sample,
    )


def _in_order(available: dict[str, Sample], wanted: str | None) -> list[Sample]:
    """The wanted sample first, then the triggered ones."""
    return sorted(available.values(), key=lambda sample: (sample.id != wanted, not sample.triggered))


def _choose_source() -> None:
    # The person moved on from whatever was refused; the input stays until they choose another one.
    state.update()


def _choose_sample() -> None:
    wanted = st.session_state[_SAMPLE]
    if wanted is not None:
        state.update(sample=wanted, upload=None, layer=None, head=None, columns=(), parent=None)
