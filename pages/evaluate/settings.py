"""What to compare on pictures: data, attacks and defences, kept in the address of the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.digest import digest_of
from atpatch_core.evaluation.attacks import Trigger, attacks_of
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.defences.catalogue import DEFENCES
from atpatch_core.evaluation.image_attacks import picture_side, with_variations
from pages.evaluate.image_data import chosen_pictures
from pages.evaluate.own_trigger import OWN, chosen_trigger, forget_trigger
from pages.evaluate.source import Source
from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_PICTURES = "evaluate_pictures"
_ATTACKS = "evaluate_attacks"
_DEFENCES = "evaluate_defences"
_RATE = "evaluate_rate"
_RUNS = "evaluate_runs"
_RATES = (0.001, 0.01, 0.05)
_SEEDS = (1, 3, 5)
_QUICK = ("no-fix", "atpatch", "oracle", "random-columns", "z-score", "always-on", "painted-over")


@dataclass(frozen=True)
class Settings:
    """One comparison. `key` tells it from all others, also from one of the same model after its files changed."""

    opened: OpenSubject
    source: Source[LabelledImages]
    triggers: dict[str, Trigger]
    pictures: int
    defences: tuple[str, ...]
    false_positive_rate: float
    seeds: int

    @property
    def key(self) -> str:
        """The same for the same comparison only."""
        pictures = (self.source.upload, self.pictures)
        parts = (self.opened.key, pictures, self.triggers, self.defences, self.false_positive_rate, self.seeds)
        return digest_of(repr(parts).encode())

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.opened.subject.labels


def chosen_settings(opened: OpenSubject) -> Settings | None:
    """The widgets, and what is chosen in them; `None`, with the reason on the page, if nothing can be compared."""
    with st.container(border=True):
        chosen = chosen_pictures(opened)
        if chosen is None:
            return None
        data = chosen.data
        triggers = _triggers(opened, data)
        if triggers is None:
            return None
        usual = [] if "patch" in st.query_params else list(triggers)[:1]
        left, right = st.columns(2, gap="medium")
        with left:
            attacks = st.multiselect(
                "Attacks",
                list(triggers),
                key=_first(_ATTACKS, lambda: address.names("attacks", triggers, usual)),
                placeholder="Choose attacks" if triggers else "This model brings no known attack",
            )
        with right:
            defences = st.multiselect(
                "Defences",
                list(DEFENCES),
                key=_first(_DEFENCES, lambda: address.names("defences", DEFENCES, _QUICK)),
                help="  \n".join(f"**{plain(one.name)}**: {plain(one.summary)}" for one in DEFENCES.values()),
            )
        own = chosen_trigger(opened.subject.labels, picture_side(data))
        left, middle, right = st.columns([2, 2, 1], gap="medium")
        with left:
            pictures = _pictures(len(data))
        with middle:
            rate = st.select_slider(
                "Clean pictures that defences may flag",
                _RATES,
                key=_first(_RATE, lambda: address.one_of("fpr", _RATES)),
                format_func=lambda one: f"{100 * one:g} %",
                help="Each defence sets its threshold by this, on the defender's pictures. AtPatch keeps its own.",
            )
        with right:
            seeds = st.select_slider(
                "Runs",
                _SEEDS,
                key=_first(_RUNS, lambda: address.one_of("runs", _SEEDS)),
                help="Each with a seed of its own for random places and random columns; the figures are their means.",
            )
    used = {name: triggers[name] for name in triggers if name in attacks}
    if own is not None:
        used[OWN] = own.trigger
    if not used or not defences:
        st.info("Choose at least one attack and one defence.", icon=":material/checklist:")
        return None
    names = tuple(name for name in DEFENCES if name in defences or name == "no-fix")
    settings = Settings(opened, chosen, used, pictures, names, rate, seeds)
    _write_address(settings, attacks, "" if own is None else own.address)
    return settings


def _triggers(opened: OpenSubject, data: LabelledImages) -> dict[str, Trigger] | None:
    try:
        return with_variations(attacks_of(opened.subject), picture_side(data))
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None


def _pictures(most: int) -> int:
    steps = sorted({*(size for size in (200, 400, 1_000, 2_000, 4_000, 10_000) if size < most), most})
    usual = min(steps, key=lambda size: abs(math.log(size / 1_000)))
    if st.session_state.get(_PICTURES, usual) not in steps:
        del st.session_state[_PICTURES]
    chosen: int = st.select_slider(
        "Pictures",
        steps,
        key=_first(_PICTURES, lambda: address.one_of("pictures", steps, usual)),
        format_func=lambda size: f"{size:,}",
        help="Half of them, at most 1,000, are the defender's; the others are judged on.",
    )
    return chosen


def _first(key: str, value: Callable[[], object]) -> str:
    """Give the widget with this key a first value, and return the key."""
    if key not in st.session_state:
        st.session_state[key] = value()
    return key


def forget_settings() -> None:
    """Another model has other attacks and pictures."""
    for key in (_ATTACKS, _PICTURES):
        st.session_state.pop(key, None)
    forget_trigger()


def _write_address(settings: Settings, attacks: list[str], patch: str) -> None:
    address.write(
        {
            "subject": settings.opened.subject.name,
            "attacks": ",".join(attacks),
            "defences": ",".join(settings.defences),
            "pictures": str(settings.pictures),
            "fpr": f"{settings.false_positive_rate:g}",
            "runs": str(settings.seeds),
            "data": settings.source.upload,
            "patch": patch,
        }
    )
