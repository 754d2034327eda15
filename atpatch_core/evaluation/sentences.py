"""What a comparison comes down to, in words: what a defence achieves against an attack or a bias, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from .rates import Rate

Rates = Mapping[str, Rate | None]
WORTH_REPAIR = 0.05  # excess ASR: below, an attack does not work on the untouched model


def attack_sentence(attack: str, inputs: str, before: Rates, own: Rates | None, best: tuple[str, Rates] | None) -> str:
    """What AtPatch makes of an attack, beside the best alternative.

    Args:
        attack: its name.
        inputs: what they are called, such as "texts".
        before: the rates without a fix.
        own: those of AtPatch; `None` if it was not measured.
        best: name and rates of the best other defence that needs no truth; `None` if there is none.
    """
    asr, base = before["asr_before"], before["clean_base_rate"]
    if asr is None or base is None:
        return f"{attack} could not be measured: all {inputs} are of its target class."
    start = f"{attack} turns {_share(asr)} of the {inputs} into the attacker's class"
    if asr.value - base.value < WORTH_REPAIR:
        return f"{start}, hardly more than the {_share(base)} without it: there is nothing to repair."
    sentence = f"{start}."
    if own is not None:
        sentence += f" With AtPatch: {_remaining_harm(own, inputs)}."
    if best is not None:
        sentence += f" The best other defence, {best[0]}: {_remaining_harm(best[1], inputs)}."
    return sentence


def fairness_sentence(attribute: str, n: int, before: Rates, own: Rates | None) -> str:
    """The verdict about one protected attribute.

    Args:
        attribute: its name.
        n: how many people.
        before: the rates without a fix.
        own: those of AtPatch; `None` if it was not measured.
    """
    idr, fixed = before["idr_after"], None if own is None else own["idr_after"]
    if idr is None or idr.value == 0:
        return f"Nobody among {n:,} people gets another answer with another {attribute}: nothing to repair."
    sentences = [f"{100 * idr.value:.1f} % of {n:,} people would get another answer with another {attribute}."]
    if own is None or fixed is None:
        return sentences[0]
    sentences.append(f"With AtPatch, {100 * fixed.value:.2f} % still would.")
    changed, accuracy, accuracy_before = own["changed"], own["accuracy_after"], before["accuracy_after"]
    if changed is not None and accuracy is not None and accuracy_before is not None:
        sentences.append(
            f"It changes the answers of {round(changed.value * changed.n):,} people ({100 * changed.value:.1f} %), and "
            f"accuracy {_moves(accuracy.value - accuracy_before.value)}."
        )
    gaps = [
        f"{name} is {100 * now.value:+.2f} points instead of {100 * was.value:+.2f}"
        for name, was, now in (
            ("the statistical parity difference (SPD)", own["spd_before"], own["spd_after"]),
            ("the equal opportunity difference (EOD)", own["eod_before"], own["eod_after"]),
        )
        if was is not None and now is not None
    ]
    if gaps:
        sentences.append(f"Between the groups, {' and '.join(gaps)}.")
    return " ".join(sentences)


def _remaining_harm(rates: Rates, inputs: str) -> str:
    """What still turns, what that costs, and how many `inputs` are right again; what is `None` is left out."""
    after, excess, drop, recovery = (
        rates[name] for name in ("asr_after", "excess_asr", "clean_accuracy_drop", "recovery")
    )
    parts = []
    if after is not None and excess is not None:
        more = "no" if _points(excess) <= 0 else f"{_points(excess):.2f} points"
        parts.append(f"{_share(after)} still get it, {more} more than without a trigger")
    if drop is not None:
        falls = "does not fall" if _points(drop) <= 0 else f"falls by {_points(drop):.2f} points"
        parts.append(f"clean accuracy {falls}")
    if recovery is not None:
        parts.append(f"{_share(recovery)} of the attacked {inputs} get their true class")
    return ", ".join(parts)


def _moves(gain: float) -> str:
    points = round(100 * gain, 2)
    if points == 0:
        return "stays the same"
    return f"{'rises' if points > 0 else 'falls'} by {abs(points):.2f} points"


def _share(rate: Rate) -> str:
    """A share in per cent, as sentences write it."""
    return f"{100 * rate.value:.1f} %"


def _points(rate: Rate) -> float:
    return round(100 * rate.value, 2)
