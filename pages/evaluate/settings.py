"""What to compare: data, attacks and defences, kept in the address of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.evaluation.attacks import Trigger, attacks_of
from atpatch_core.evaluation.comparison_request import ComparisonRequest
from atpatch_core.evaluation.defences.catalogue import NO_FIX, Method
from atpatch_core.evaluation.image_attacks import image_side
from atpatch_core.evaluation.modalities import MODALITIES
from atpatch_core.wording.phrases import counted
from pages.evaluate.data import chosen_data
from pages.evaluate.own_trigger import OWN, chosen_trigger, forget_trigger
from pages.evaluate.source import Source
from pages.shared import address
from pages.shared.folders import uploads_folder
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_COUNTS = {"image": "pictures", "text": "texts"}  # the parameter of the address that says how many
_ATTACKS = "evaluate_attacks"
_DEFENCES = "evaluate_defences"
_RATE = "evaluate_rate"
_RUNS = "evaluate_runs"
_RATES = (0.001, 0.01, 0.05)
_SEEDS = (1, 3, 5)
_QUICK = (NO_FIX, "atpatch", "oracle", "random-columns", "z-score", "always-on", "painted-over")
_USUAL_RATE = 0.01  # where there is no choice
_TAKE_LONGER = (
    ". Texts take longer than images: several minutes for 200 of them, and in proportion for more texts or attacks"
)


@dataclass(frozen=True)
class Settings:
    """One comparison that can be asked for."""

    opened: OpenSubject
    source: Source[Any]
    triggers: dict[str, Trigger]
    count: int
    methods: dict[str, Method]
    false_positive_rate: float = _USUAL_RATE
    seeds: int = 1

    @property
    def request(self) -> ComparisonRequest:
        """The same for the same comparison only; another one after the model's files were changed."""
        return ComparisonRequest(
            self.opened.subject.folder,
            self.opened.version,
            self.opened.key,
            uploads_folder(),
            self.source.upload,
            self.count,
            self.triggers,
            tuple(self.methods),
            self.false_positive_rate,
            self.seeds,
        )

    @property
    def summary(self) -> str:
        """What will be compared, for a person."""
        kind, attacks = self.opened.subject.kind, counted(len(self.triggers), "attack")
        if kind == "image":
            return f"{counted(len(self.methods), 'defence')} against {attacks}"
        summary = f"AtPatch and everything else that could be done, on {self.count:,} {kind}s"
        return summary if kind == "record" else f"{summary} against {attacks}{_TAKE_LONGER}"


def chosen_settings(opened: OpenSubject) -> Settings | None:
    """The widgets, and what is chosen in them; `None`, with the reason on the page, if nothing can be compared."""
    kind = opened.subject.kind
    with st.container(border=True):
        source = chosen_data(opened)
        if source is None:
            return None
        try:
            known = MODALITIES[kind].defences(opened.subject)
            triggers = MODALITIES[kind].variations(attacks_of(opened.subject), source.data)
        except AtPatchError as error:
            st.error(plain(str(error)), icon=":material/block:")
            return None
        if kind == "image":
            return _of_images(opened, source, triggers, known)
        return _of_others(opened, source, triggers, known)


def forget_settings() -> None:
    """Another model has other attacks and inputs."""
    for key in (_ATTACKS, *map(_count_key, _COUNTS)):
        st.session_state.pop(key, None)
    forget_trigger()


def _of_images(
    opened: OpenSubject, source: Source[Any], triggers: Mapping[str, Trigger], known: Mapping[str, Method]
) -> Settings | None:
    left, right = st.columns(2, gap="medium")
    with left:
        attacks = _attacks(triggers, [] if address.parameter("patch") else list(triggers)[:1])
    with right:
        defences = st.multiselect(
            "Defences",
            list(known),
            key=address.widget(_DEFENCES, lambda: address.names("defences", known, _QUICK)),
            help="  \n".join(f"**{plain(method.name)}**: {plain(method.summary)}" for method in known.values()),
        )
    own = chosen_trigger(opened.subject.labels, image_side(source.data))
    left, middle, right = st.columns([2, 2, 1], gap="medium")
    with left:
        count = _count("image", len(source.data))
    with middle:
        rate = st.select_slider(
            "Clean images that defences may flag",
            _RATES,
            key=address.widget(_RATE, lambda: address.one_of("fpr", _RATES)),
            format_func=lambda share: f"{100 * share:g} %",
            help="Each defence sets its threshold by this, on the defender's images. AtPatch keeps its own.",
        )
    with right:
        seeds = st.select_slider(
            "Runs",
            _SEEDS,
            key=address.widget(_RUNS, lambda: address.one_of("runs", _SEEDS)),
            help="Each with a seed of its own for random places and random columns; the figures are their means.",
        )
    used = {name: trigger for name, trigger in triggers.items() if name in attacks}
    if own is not None:
        used[OWN] = own.trigger
    if not used or not defences:
        st.info("Choose at least one attack and one defence.", icon=":material/checklist:")
        return None
    methods = {name: method for name, method in known.items() if name in defences or name == NO_FIX}
    address.write(
        {
            "subject": opened.subject.name,
            "attacks": ",".join(attacks),
            "defences": ",".join(methods),
            "pictures": str(count),
            "fpr": f"{rate:g}",
            "runs": str(seeds),
            "data": source.upload,
            "patch": "" if own is None else own.address,
        }
    )
    return Settings(opened, source, used, count, methods, rate, seeds)


def _of_others(
    opened: OpenSubject, source: Source[Any], triggers: Mapping[str, Trigger], known: Mapping[str, Method]
) -> Settings | None:
    params = {"subject": opened.subject.name, "data": source.upload}
    used, count = {}, len(source.data)
    if opened.subject.kind == "text":
        if not triggers:
            st.info("This model comes with no known attack to compare defences by.", icon=":material/info:")
            return None
        left, right = st.columns([2, 1], gap="medium")
        with left:
            attacks = _attacks(triggers, list(triggers)[:2])
        with right:
            count = _count("text", count)
        if not attacks:
            st.info("Choose at least one attack.", icon=":material/checklist:")
            return None
        used = {name: trigger for name, trigger in triggers.items() if name in attacks}
        params |= {"attacks": ",".join(used), "texts": str(count)}
    address.write(params)
    return Settings(opened, source, used, count, dict(known))


def _attacks(triggers: Mapping[str, Trigger], usual: Sequence[str]) -> list[str]:
    return st.multiselect(
        "Attacks",
        list(triggers),
        key=address.widget(_ATTACKS, lambda: address.names("attacks", triggers, usual)),
        placeholder="Choose attacks" if triggers else "This model comes with no known attack",
    )


def _count(kind: str, most: int) -> int:
    """How many of the inputs to compare on: of texts the fewest at first, because they take long."""
    if kind == "image":
        steps = sorted({*(size for size in (200, 400, 1_000, 2_000, 4_000, 10_000) if size < most), most})
        usual = min(steps, key=lambda size: abs(math.log(size / 1_000)))
        explanation = "Half of them, at most 1,000, are the defender's; the defences are judged on the others."
    else:
        steps = [size for size in (200, 400, 1_000) if size <= most]
        usual, explanation = steps[0], "Half of them are the defender's; the defences are judged on the others."
    param, key = _COUNTS[kind], _count_key(kind)
    chosen: int = st.select_slider(
        param.capitalize(),
        steps,
        key=address.widget(key, lambda: address.one_of(param, steps, usual), steps),
        format_func=lambda size: f"{size:,}",
        help=explanation,
    )
    return chosen


def _count_key(kind: str) -> str:
    return f"evaluate_{_COUNTS[kind]}"
