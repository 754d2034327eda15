"""Two views side by side: the one on the page, and one that was pinned as its reference."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError, Inspection
from atpatch_core.figures.comparison import (
    comparable,
    compared_maps,
    comparison_sentence,
    largest_shifts,
    maps_apart,
)
from atpatch_core.subjects.loading import kind_in
from atpatch_core.wording.phrases import counted
from atpatch_core.wording.thresholds import other_threshold, threshold_texts
from atpatch_core.wording.verdict import answer
from pages.shared.markdown import plain, quoted
from pages.shared.resources import (
    OpenInput,
    OpenSubject,
    inspect,
    open_subject,
    read_input,
    samples,
    subject_folders,
    uploads,
)
from pages.shared.triage_address import Seen, View
from pages.shared.upload_names import upload_name
from pages.triage import state
from pages.triage.input_views import view_of
from pages.triage.overview import has_map

_OTHER = "compare_other"
_PIN = "compare_pin"
_LARGEST_CHART = 64


def show_pin(view: View) -> None:
    """A button that makes this view the reference of the next ones, or no longer."""
    if view.seen is None:
        return
    # One key and a help for both: else the button is another one, and whoever came by keyboard begins at the top again.
    if view.reference == view.seen:
        st.button(
            "Unpin",
            icon=":material/keep_off:",
            on_click=_unpin,
            help="Compare the next inputs with nothing.",
            key=_PIN,
        )
    else:
        st.button(
            "Pin as reference",
            icon=":material/push_pin:",
            on_click=_pin,
            args=(view.seen,),
            help="Then choose another input or model: both are shown side by side.",
            key=_PIN,
        )


def show_comparison(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """The reference beside this view, if there is one that can be shown; else how to get one."""
    here, pinned = view.seen, view.reference is not None
    # Two keys: whether it is open is remembered by key, and pinning opens it.
    key = "compare" if pinned else "compare_start"
    with st.expander("Compare with another input or model", icon=":material/compare:", expanded=pinned, key=key):
        _show_other_models(view, opened)
        if view.reference is None or view.reference == here:
            st.markdown(
                "Pin this view as reference and then choose another input, or choose another model above."
                if view.reference is None
                else "This view is pinned as the reference. Now choose another input or model at the top of the page."
            )
            return
        found = _reference(view.reference, opened)
        if isinstance(found, str):
            st.warning(plain(found), icon=":material/info:")
            st.button("Unpin", icon=":material/keep_off:", on_click=_unpin)
            return
        _show_both(view, opened, opened_input, inspection, *found)


def _show_other_models(view: View, opened: OpenSubject) -> None:
    folders, kind = subject_folders(), opened.subject.kind
    others = [name for name, folder in folders.items() if name != view.subject and kind_in(folder) == kind]
    if not others:
        return
    reference = view.reference
    same_input = (
        reference is not None and (reference.sample, reference.upload) == (view.sample, view.upload)
    ) and reference.subject in others
    st.selectbox(
        "This input in another model",
        others,
        key=state.bound(_OTHER, reference.subject if same_input and reference is not None else None),
        placeholder="Choose a model",
        on_change=_compare_models,
    )


def _reference(seen: Seen, opened: OpenSubject) -> tuple[OpenSubject, OpenInput, Inspection] | str:
    """The reference, looked at with its model's calibrated threshold; or why it can't be shown."""
    try:
        other = open_subject(subject_folders()[seen.subject])
        if other.subject.kind != opened.subject.kind:
            return f"The reference is for {seen.subject}, which takes another kind of input."
        if seen.upload is not None:
            content, title = uploads().get(seen.upload), upload_name(seen.upload, other.subject.kind)
        else:
            sample = samples(other).get(seen.sample or "")
            content, title = (None, "") if sample is None else (sample.path.read_bytes(), sample.title)
        if content is None:
            return "The input that was pinned as reference is no longer here: pin another one."
        opened_input = read_input(other, content, title)
        return other, opened_input, inspect(other, opened_input, None, ())
    except KeyError:
        return f"The model of the reference, {quoted(seen.subject)}, is not here: pin another view."
    except (AtPatchError, OSError) as error:
        return str(error)


def _show_both(
    view: View,
    opened: OpenSubject,
    opened_input: OpenInput,
    inspection: Inspection,
    other: OpenSubject,
    reference: OpenInput,
    before: Inspection,
) -> None:
    st.markdown(f"**{plain(comparison_sentence(before, inspection, view.patch))}**")
    calibrated = None if opened.subject.detector is None else opened.subject.detector.threshold
    used = other_threshold(inspection.flags, calibrated)
    if used is not None and calibrated is not None:
        texts = threshold_texts(used, calibrated)
        st.caption(
            f"This view flags from a threshold of {texts[0]} on instead of the calibrated {texts[1]}; the reference is "
            "shown with the calibrated one of its model."
        )
    with st.container(horizontal=True):
        st.button("Unpin", icon=":material/keep_off:", on_click=_unpin)
        st.button("Swap the two", icon=":material/swap_horiz:", on_click=_swap)
    for place, title, subject, shown, found in zip(
        st.columns(2, gap="medium"),
        ("Reference", "This view"),
        (other, opened),
        (reference, opened_input),
        (before, inspection),
        strict=True,
    ):
        with place:
            st.caption(plain(f"{title}: {shown.title}, in {subject.subject.name}"))
            view_of(subject.subject.kind).show_small(shown, found)
            st.markdown(
                f"Without AtPatch **{plain(answer(found.original.prediction))}**, with it "
                f"**{plain(answer(found.patched.prediction))}**; {counted(len(found.flags.columns), 'column')} "
                "redistributed."
            )
    _show_maps(view, inspection, before)


def _show_maps(view: View, inspection: Inspection, before: Inspection) -> None:
    layer, head = view.layer or 0, view.head or 0
    if not has_map(before, layer, head):
        st.info(f"The model of the reference has no layer {layer}, head {head}.", icon=":material/info:")
        return
    alt = f"Layer {layer}, head {head}"
    size = max(inspected.original.trace.maps[layer].shape[-1] for inspected in (before, inspection))
    if size > _LARGEST_CHART:
        st.caption("The maps are too large to be drawn side by side here: they are in the report.")
    elif comparable(before, inspection):
        detail = compared_maps(before, inspection, layer, head, view.patch, view.hide_special)
        figures = (detail.original, detail.redistributed, detail.difference)
        names = ("reference", "this view", "difference")
        for place, name, figure in zip(st.columns(3), names, figures, strict=True):
            place.plotly_chart(figure, key=f"compare_{name}", config={"displayModeBar": False}, alt=f"{alt}: {name}")
        shifts = largest_shifts(before, inspection)
        st.markdown("**Columns that draw most differently**, in the models as they are:")
        st.table(
            {
                "Column": [plain(shift.name) for shift in shifts],
                "Share of all attention, reference \u2192 here": [plain(shift.change) for shift in shifts],
            },
            hide_index=True,
        )
    else:
        st.caption("The columns of the two can't be matched one by one, so there is no difference to show.")
        titles = ("Reference", "This view")
        apart = maps_apart((before, inspection), layer, head, view.patch, titles)
        for place, figure, title in zip(st.columns(2), apart, titles, strict=True):
            place.plotly_chart(figure, key=f"compare_{title}", config={"displayModeBar": False}, alt=f"{alt}: {title}")


def _pin(seen: Seen) -> None:
    state.update(reference=seen)
    st.toast("Pinned. Now choose another input or model.", icon=":material/push_pin:")


def _unpin() -> None:
    state.update(reference=None)


def _swap() -> None:
    view = state.settled_view()
    reference = view.reference
    if reference is not None:
        state.update(
            subject=reference.subject,
            sample=reference.sample,
            upload=reference.upload,
            threshold=None,
            columns=(),
            detector=None,
            reference=view.seen,
            parent=None,
        )


def _compare_models() -> None:
    name, view = st.session_state[_OTHER], state.settled_view()
    if name is not None and view.seen is not None:
        state.update(reference=Seen(name, view.seen.sample, view.seen.upload))
