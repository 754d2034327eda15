"""What the page says about comparisons of each kind of input."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """`data` is what is chosen, `attack` what one result is about, `legend` says how to read the table, `measured` what
    on (`{attacked}` inputs of other classes, `{count}` in all), `closing` what to bear in mind.

    `group` is what the lists behind the figures hold, `nothing` stands where one is empty, and `one` is a row of it.
    `bound` is how the trade-off calls the defences that need the truth, `file` ends the names of downloads.
    """

    data: str
    attack: str
    legend: str
    measured: str
    group: str
    one: str
    nothing: str
    bound: str = "bound (knows the trigger)"
    file: str = "defences"
    closing: str = ""


WORDS = {
    "image": Words(
        data="Labelled images",
        attack="Attack",
        legend="Shares in per cent, AUROC from 0 to 1. Select a row to see its inputs below.",
        measured="ASR is the attack success rate, over the {attacked:,} attacked images that are not of the "
        "attacker's class; CA is the accuracy on {count:,} clean images. A defence that detects nothing itself has "
        "no FPR, TPR or AUROC.",
        group="inputs",
        one="image",
        nothing="No image: nothing of the kind happened.",
    ),
    "text": Words(
        data="Labelled texts",
        attack="Attack",
        legend="In per cent. Select a row to see the texts behind it below.",
        measured="ASR is the attack success rate, over the {attacked:,} attacked texts that are not of the attacker's "
        "class; CA is the accuracy on {count:,} clean texts. A defence that detects nothing itself has no FPR or TPR.",
        group="texts",
        one="text",
        nothing="None.",
        closing="A word, phrase or sentence that is always the same draws attention, which is what AtPatch looks for. "
        "A trigger without words of its own, such as a style of writing, draws none: nothing here would find it. "
        "ONION, a known defence, is not compared: it needs a small language model, and none installs as a package.",
    ),
    "record": Words(
        data="Labelled records",
        attack="Protected attribute",
        legend="In per cent. Select a row to see the people behind it below.",
        measured="Measured on {count:,} people. IDR: individual discrimination rate. SPD: statistical parity "
        "difference, the rate of the better answer among the unprivileged minus that among the privileged. EOD: equal "
        "opportunity difference, the same among those who truly belong there. For all three, 0 is best.",
        group="people",
        one="person",
        nothing="Nobody.",
        bound="bound (tries all flips)",
        file="fairness",
        closing="IDR can't show proxies: a model may know an attribute from other fields, and flipping the attribute "
        "alone then changes nothing. SPD and EOD see that, but also real differences between groups. Read them "
        "together.",
    ),
}
