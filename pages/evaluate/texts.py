"""Compare what could be done about a hijacked model for texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.digest import digest_of
from atpatch_core.evaluation.attacks import attacks_of
from atpatch_core.evaluation.comparison import CLEAN
from atpatch_core.evaluation.defences.catalogue import ATPATCH, NO_FIX
from atpatch_core.evaluation.outcomes import class_name
from atpatch_core.evaluation.text_attacks import with_text_variations
from atpatch_core.evaluation.text_comparison import TextComparison, compare_texts, drawn
from atpatch_core.evaluation.text_comparison_report import text_comparison_as_csv, text_sentence
from atpatch_core.evaluation.text_data import LabelledTexts, read_labelled_texts
from atpatch_core.figures.tradeoff import Place
from atpatch_core.triggers.text import WritingTrigger
from atpatch_core.wording.phrases import counted
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
from pages.shared import address
from pages.shared.left_out import show_left_out
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject
from pages.shared.triage_link import triage_link

_ATTACKS, _COUNT = "evaluate_text_attacks", "evaluate_text_count"
_COUNTS = (200, 400, 1_000)
_MOST_SHOWN = 100
# How long each stage takes compared with the others.
_EFFORT = {ATPATCH: 6.0, "random-words": 6.0, "z-score": 3.0, "token-masking": 4.0, "strip": 10.0}
_FAMILIES = {NO_FIX: "none", ATPATCH: "atpatch", "oracle": "bound", "random-words": "columns", "z-score": "columns"}
_MEANING = {
    "excess ASR": "Excess attack success rate: how much more often other texts get the attacker's class than "
    "without any trigger. 0 is best.",
    "CA drop": "What the defence costs in clean accuracy, the accuracy on clean texts. 0 is best.",
    "recovery": "Attacked texts that get their true class.",
    "FPR": "False-positive rate: clean texts that are flagged.",
    "TPR": "True-positive rate: triggered texts that are flagged.",
}


def show_texts(opened: OpenSubject) -> None:
    """Which attacks and texts, the run, its results."""
    file = opened.subject.folder / "eval" / "texts.parquet"
    if not file.is_file():
        st.info(
            "This model brings no evaluation data: use `atpatch evaluate` with texts of yours.", icon=":material/info:"
        )
        return
    try:
        data = _read(opened, file, opened.key)
        triggers = with_text_variations(attacks_of(opened.subject))
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return
    show_left_out(data.left_out, len(data))
    with st.container(border=True):
        chosen = _settings(triggers, len(data))
    if chosen is None:
        return
    names, count = chosen
    address.write({"subject": opened.subject.name, "attacks": ",".join(names), "texts": str(count)})
    used = {name: triggers[name] for name in names}
    some = drawn(data, count)
    comparison = show_job(
        digest_of(f"{opened.key}|{used}|{count}".encode()),
        f"AtPatch and everything else that could be done, on {count:,} texts against {counted(len(names), 'attack')}. "
        "Texts take longer than pictures: several minutes for 200 of them, and in proportion for more texts or attacks",
        lambda on_step: compare_texts(opened.subject, some, used, on_step=on_step),
        _EFFORT,
    )
    if comparison is not None:
        _show_results(opened, comparison)


def forget_texts() -> None:
    """Another model has other attacks."""
    for key in (_ATTACKS, _COUNT):
        st.session_state.pop(key, None)


def _settings(triggers: dict[str, WritingTrigger], most: int) -> tuple[list[str], int] | None:
    if not triggers:
        st.info("This model brings no known attack to compare defences by.", icon=":material/info:")
        return None
    counts = [one for one in _COUNTS if one <= most] or [most]
    left, right = st.columns([2, 1], gap="medium")
    with left:
        if _ATTACKS not in st.session_state:
            st.session_state[_ATTACKS] = address.names("attacks", triggers, list(triggers)[:2])
        names = st.multiselect("Attacks", list(triggers), key=_ATTACKS)
    with right:
        if _COUNT not in st.session_state:
            st.session_state[_COUNT] = address.one_of("texts", counts)
        count = st.select_slider(
            "Texts", counts, key=_COUNT, help="Half of them are the defender's; the others are judged on."
        )
    if not names:
        st.info("Choose at least one attack.", icon=":material/checklist:")
        return None
    return [name for name in triggers if name in names], int(count)


def _show_results(opened: OpenSubject, comparison: TextComparison) -> None:
    attacks = list(comparison.attacks)
    attack = attacks[0]
    if len(attacks) > 1:
        attack = st.segmented_control("Attack", attacks, default=attack, required=True, key="evaluate_text_attack")
    show_verdict(text_sentence(comparison, attack))
    for name, reason in comparison.unavailable.items():
        st.warning(plain(f"{name} could not be used: {reason}"), icon=":material/info:")
    defence = _show_table(comparison, attack)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("In per cent. Select a row to see the texts behind it below.", width="content")
        csv_button(opened, "defences", lambda: text_comparison_as_csv(comparison))
    st.caption(
        f"ASR is the attack success rate, over the {comparison.figures[NO_FIX].attacks[attack].n:,} attacked texts "
        f"that are not of the attacker's class; CA is the accuracy on {comparison.n:,} clean texts. A defence that "
        "detects nothing itself has no FPR or TPR."
    )
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.header("What is left, and what it costs", anchor=False)
        places = [
            Place(
                name,
                _FAMILIES.get(name, "peer"),
                one.attacks[attack].excess_asr.value,
                one.clean_accuracy_drop.value,
                None,
            )
            for name, one in comparison.figures.items()
        ]
        show_tradeoff(places, "evaluate_text_tradeoff", "Excess ASR over the drop of clean accuracy")
    with right:
        st.header(plain(f"The texts behind {defence}"), anchor=False)
        _show_behind(opened, comparison, defence, attack)
    st.caption(
        "A word, phrase or sentence that is always the same draws attention, which is what AtPatch looks for. A "
        "trigger without words of its own, such as a style of writing, draws none: nothing here would find it. ONION, "
        "a known defence, is not compared: it needs a small language model, and none installs as a package."
    )


def _show_table(comparison: TextComparison, attack: str) -> str:
    """The table, and the name of the defence whose row is selected in it (AtPatch, if none is)."""
    names = list(comparison.figures)
    of_attack = [one.attacks[attack] for one in comparison.figures.values()]
    every = list(comparison.figures.values())
    cells: dict[str, list[object]] = {
        "defence": list(names),
        "excess ASR": [per_cent(one.excess_asr.value) for one in of_attack],
        "95 % interval": [interval(one.excess_asr) for one in of_attack],
        "CA drop": [per_cent(one.clean_accuracy_drop.value) for one in every],
        "recovery": [per_cent(one.recovery.value) for one in of_attack],
        "FPR": [per_cent(one.fpr_per_input.value) for one in every],
        "TPR": [per_cent(one.tpr_per_input.value) for one in of_attack],
    }
    event = st.dataframe(
        cells,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="evaluate_text_table",
        placeholder=NOT_MEASURED,
        column_config={
            name: st.column_config.NumberColumn(format="%.2f", help=meaning) for name, meaning in _MEANING.items()
        }
        | {"defence": st.column_config.TextColumn(pinned=True)},
    )
    picked = event["selection"]["rows"]
    fallback = ATPATCH if ATPATCH in names else NO_FIX
    return names[picked[0]] if picked and picked[0] < len(names) else fallback


def _show_behind(opened: OpenSubject, comparison: TextComparison, defence: str, attack: str) -> None:
    one = comparison.attacks[attack]
    truth, after = one.inputs.labels, comparison.answers[defence][attack]
    clean, before = comparison.answers[defence][CLEAN], comparison.answers[NO_FIX]
    others = truth != one.target
    groups: dict[str, tuple[str, np.ndarray]] = {
        "attacked: still the attacker's class": (attack, others & (after.labels == one.target)),
        "attacked: right again": (attack, others & (after.labels == truth)),
        "clean: answer changed": (CLEAN, clean.labels != before[CLEAN].labels),
    }
    if clean.scores is not None:
        groups["attacked: not flagged"] = (attack, others & ~after.flagged)
        groups["clean: flagged without a trigger"] = (CLEAN, clean.flagged)
    sizes = {name: int(members.sum()) for name, (_, members) in groups.items()}
    which = chosen_group("Which of them", sizes, "evaluate_texts_behind")
    where, members = groups[which]
    shown = np.flatnonzero(members)[:_MOST_SHOWN].tolist()
    if not shown:
        st.markdown("None.")
        return
    texts = comparison.data.texts if where == CLEAN else list(one.inputs.inputs)
    labels, told = opened.subject.labels, comparison.answers[defence][where]
    event = st.dataframe(
        {
            "text": [texts[place] for place in shown],
            "before": [class_name(int(before[where].labels[place]), labels) for place in shown],
            "after": [class_name(int(told.labels[place]), labels) for place in shown],
            "true": [labels[truth[place]] for place in shown],
        },
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="evaluate_texts_table",
        height=320,
    )
    picked = event["selection"]["rows"]
    if picked and picked[0] < len(shown):
        triage_link(opened, texts[shown[picked[0]]], "Open this text in Triage")
    else:
        st.caption("Select a text to open it in Triage.")


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=4, show_spinner="Reading the texts\u2026")
def _read(_opened: OpenSubject, _path: Path, key: str) -> LabelledTexts:
    return read_labelled_texts(_path, _opened.subject.labels)
