"""What a comparison measures: the name of each metric, how tables write it, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A figure of every defence; those `under_attack` are measured for each attack (or protected attribute) anew.

    `name` is what files call it, `heading` what tables do. Shares and differences of shares are written in per cent,
    factors as multiples ("1.5 x"), areas from 0 to 1.
    """

    name: str
    heading: str
    meaning: str
    better: Literal["lower", "higher", "neither"]
    unit: Literal["share", "difference", "area", "factor"] = "share"
    under_attack: bool = False

    @property
    def scale(self) -> float:
        """What a value is multiplied by to be written."""
        return 100.0 if self.unit in ("share", "difference") else 1.0

    @property
    def digits(self) -> int:
        """How many are written behind the point."""
        return {"share": 2, "difference": 2, "area": 4, "factor": 1}[self.unit]


def attack_metrics(inputs: str) -> tuple[Metric, ...]:
    """Those of attacks with a trigger, on what sentences call `inputs` ("texts").

    **Harm** is what is left of an attack plus what the defence costs, excess ASR + CA drop (neither counted below 0),
    the one figure to rank defences by.
    """
    return (
        Metric("asr_before", "ASR before", "Attack success rate of the model as it is.", "lower", under_attack=True),
        Metric(
            "asr_after",
            "ASR",
            f"Attack success rate: attacked {inputs} of other classes that get the attacker's class.",
            "lower",
            under_attack=True,
        ),
        Metric(
            "clean_base_rate",
            "base rate",
            f"The same {inputs} without a trigger that get the attacker's class anyway.",
            "neither",
            under_attack=True,
        ),
        Metric(
            "excess_asr",
            "excess ASR",
            f"Excess attack success rate: how much more often other {inputs} get the attacker's class than without any "
            "trigger. 0 is best.",
            "lower",
            "difference",
            under_attack=True,
        ),
        Metric("recovery", "recovery", f"Attacked {inputs} that get their true class.", "higher", under_attack=True),
        Metric("harm", "sum of both", "Excess ASR and CA drop together.", "lower", "difference", under_attack=True),
        Metric(
            "tpr_per_input",
            "TPR",
            f"True-positive rate: attacked {inputs} that are flagged.",
            "higher",
            under_attack=True,
        ),
        Metric(
            "auroc",
            "AUROC",
            "Area under the ROC curve: how well its scores tell attacked from clean.",
            "higher",
            "area",
            under_attack=True,
        ),
        Metric("clean_accuracy_before", "CA before", "Clean accuracy of the model as it is.", "higher"),
        Metric("clean_accuracy_after", "CA", f"Clean accuracy: accuracy on clean {inputs}.", "higher"),
        Metric(
            "clean_accuracy_drop",
            "CA drop",
            f"What the defence costs in clean accuracy, the accuracy on clean {inputs}. 0 is best.",
            "lower",
            "difference",
        ),
        Metric("changed", "changed", f"Clean {inputs} that get another answer than from the untouched model.", "lower"),
        Metric("refused", "refused", f"Clean {inputs} that get no answer.", "lower"),
        Metric("fpr_per_input", "FPR", f"False-positive rate: clean {inputs} that are flagged.", "lower"),
        Metric("cost", "time", "Of one answer, against the model alone.", "lower", "factor"),
    )


FAIRNESS_METRICS = (
    Metric("idr_before", "IDR before", "Individual discrimination rate without a fix.", "lower", under_attack=True),
    Metric(
        "idr_after",
        "IDR",
        "Individual discrimination rate: people whose answer changes with any other value of the attribute.",
        "lower",
        under_attack=True,
    ),
    Metric("idr_reduction", "IDR reduced by", "1 - IDR / IDR before.", "higher", under_attack=True),
    Metric("spd_before", "SPD before", "SPD without a fix.", "neither", "difference", under_attack=True),
    Metric(
        "spd_after",
        "SPD",
        "Statistical parity difference: rate of the better answer among the unprivileged minus the privileged.",
        "neither",
        "difference",
        under_attack=True,
    ),
    Metric("eod_before", "EOD before", "EOD without a fix.", "neither", "difference", under_attack=True),
    Metric(
        "eod_after",
        "EOD",
        "Equal opportunity difference: the same among those who truly belong there.",
        "neither",
        "difference",
        under_attack=True,
    ),
    Metric("accuracy_before", "accuracy before", "Accuracy without a fix.", "higher"),
    Metric("accuracy_after", "accuracy", "People who get their true class.", "higher"),
    Metric("accuracy_drop", "accuracy drop", "What the defence costs in accuracy. 0 is best.", "lower", "difference"),
    Metric("changed", "changed", "People who get another answer than from the untouched model.", "lower"),
)
