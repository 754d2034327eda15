"""Attribution beside attention: what the answer was made of, before and after the fix, and whether that was flagged."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError, Inspection
from atpatch_core.figures.attribution import (
    agreement_sentence,
    attribution_bars,
    heat_images,
    rollout_rows,
    signed,
    top_keys,
)
from atpatch_core.figures.png import as_png
from atpatch_core.inspection.attribution import STEPS, Attribution, agreement
from atpatch_core.inspection.attribution_pace import (
    ALL,
    FIRST,
    SECONDS,
    STEPS_OFFERED,
    BothAttributions,
    Pace,
    attribute_both,
)
from pages.shared import address
from pages.shared.job_progress import in_words
from pages.shared.long_work import LongWork, show_long_work
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject, attribution_pace, seconds_a_run
from pages.shared.triage_address import View

_BASELINES = {
    "image": "a black image",
    "text": "the same text with every word blanked out",
    "record": "a record in which every field is the average of its values",
}
_UNITS = {"image": "patch", "text": "word", "record": "field"}
_QUICK = 0.4  # seconds a run of the model, up to which one step may be tried without being asked for
_STEPS = "attribution_steps"
_USUAL = 0  # steps: as many as there is time for
_MOST_BARS = 10
_MOST_ROLLED = 5


def show_attribution(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """Bars, heat on the image, agreement and rollout, made when they are asked for."""
    with st.expander(
        "Attribution: what the answer is made of",
        icon=":material/balance:",
        key="attribution",
        on_change=address.note_use,
    ) as expander:
        if not expander.open:
            return
        answer = inspection.original.prediction
        kind = opened.subject.kind
        st.markdown(
            f"Integrated Gradients fade the input in from {_BASELINES[kind]} and credit each {_UNITS[kind]} with what "
            f"it does to the log-odds of **{plain(answer.label)}**, the answer without AtPatch: to the right for it, "
            "to the left against it."
        )
        try:
            found = _found(view, opened, opened_input, inspection)
        except AtPatchError as error:
            st.error(plain(str(error)), icon=":material/block:")
            return
        if found is None:
            return
        before, after = found.before, found.after
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _show_bars(found, inspection)
        with right:
            if kind == "image" and inspection.layout.grid is not None:
                _show_heat(opened_input, before, after, inspection)
            _show_agreement(before, after, inspection, _UNITS[kind])
        _show_rollout(inspection)


def _found(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> BothAttributions | None:
    """The attributions once they were asked for and are there. Raises `AtPatchError`."""
    columns, target = inspection.flags.columns, inspection.original.prediction.index
    passes = 2 if columns else 1
    pace = None
    if seconds_a_run(opened, opened_input, view.threshold, view.columns) < _QUICK:
        pace = attribution_pace(opened, opened_input, target, len(inspection.layout.key_names))
    steps = st.selectbox(
        "Steps",
        (_USUAL, *STEPS_OFFERED),
        format_func=lambda number: _offer(number, pace, passes),
        key=_STEPS,
        on_change=address.note_use,
        help="How finely the input is faded in. More steps are more exact; the convergence delta tells how exact.",
        width=420,
    )
    work = LongWork(
        "attribution",
        "Attribute the answer",
        "It runs in the background, and stops when you look at something else.",
        lambda on_step: attribute_both(opened.subject, opened_input.value, target, columns, steps or None, on_step),
        {FIRST: 0.0, ALL: 1.0},
    )
    found: BothAttributions | None = show_long_work(work, (opened.key, opened_input.digest, target, columns, steps))
    return found


def _offer(steps: int, pace: Pace | None, passes: int) -> str:
    if steps == _USUAL:
        usual = f"As many as {SECONDS:.0f} seconds allow, at most {STEPS}"
        return usual if pace is None else f"{usual}: {pace.steps_within(SECONDS, passes)}"
    return f"{steps}" if pace is None else f"{steps}: {in_words(pace.seconds(steps, passes))}"


def _show_bars(found: BothAttributions, inspection: Inspection) -> None:
    before, after = found.before, found.after
    names = inspection.layout.key_names
    strongest = [f"{names[key]} {signed(float(before.values[key]))}" for key in top_keys(before, most=3)]
    st.plotly_chart(
        attribution_bars(before, after, inspection.layout, inspection.flags.columns, _MOST_BARS),
        key="attribution_bars",
        config={"displayModeBar": False},
        alt=f"Attributions, the strongest without AtPatch: {', '.join(strongest)}.",
    )
    caption = f"The {min(_MOST_BARS, len(names))} strongest of {len(names)}."
    if inspection.flags.any:
        caption += " \u25bc marks what is redistributed."
    caption += f" {found.steps} steps."
    st.caption(f"{caption} {_sums(before, 'Without AtPatch')}" + (_sums(after, " With AtPatch") if after else ""))


def _sums(attribution: Attribution, where: str) -> str:
    change = attribution.log_odds - attribution.baseline_log_odds
    return (
        f"{where}, all add up to {signed(change)} log-odds between baseline and input "
        f"(convergence delta {abs(attribution.convergence_delta):.3f})."
    )


def _show_heat(opened_input: OpenInput, before: Attribution, after: Attribution | None, inspection: Inspection) -> None:
    both = (before,) if after is None else (before, after)
    heats = heat_images(opened_input.value, inspection, both)
    for place, heat, title in zip(st.columns(2), heats, ("Without AtPatch", "With AtPatch"), strict=False):
        place.image(as_png(heat), caption=title, alt=f"{title}: patches tinted by their attribution")
    st.caption("Red speaks for the answer, blue against it, by square root; outlined is what is redistributed.")


def _show_agreement(before: Attribution, after: Attribution | None, inspection: Inspection, unit: str) -> None:
    if after is None:
        st.markdown(f"No {unit} is flagged or chosen, so there is nothing to compare attribution with.")
        return
    shares = [agreement(attribution, inspection.flags, inspection.layout) for attribution in (before, after)]
    with st.container(horizontal=True):
        for share, title in zip(shares, ("Agreement, without AtPatch", "With AtPatch"), strict=True):
            st.metric(
                title,
                "\u2014" if share is None else f"{share:.2f}",
                help="Area under the ROC curve of the size of the attribution for telling flagged from other "
                "columns: 1 is full agreement, 0.5 is chance. With AtPatch a low number is what a repair looks like: "
                "what was flagged no longer decides.",
            )
    st.markdown(plain(agreement_sentence(shares[0], unit)))


def _show_rollout(inspection: Inspection) -> None:
    try:
        rows = rollout_rows(inspection)
    except AtPatchError as error:
        st.caption(plain(str(error)))
        return
    st.markdown(
        "**Attention rollout**: the maps of all layers multiplied up, to the place the answer is read from. It follows "
        "attention only and averages over heads, so what a single head does may drown in it."
    )
    st.table(
        {
            "Answer draws on": [plain(row.name) for row in rows],
            "Without AtPatch": [plain(row.before) for row in rows],
            "With AtPatch": [plain(row.after) for row in rows],
        },
        hide_index=True,
    )
