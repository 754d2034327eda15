"""An evaluation as plain data for JSON, and as the sentences and percentages of a report."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from .evaluate import Evaluation
from .rates import Rate


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Every figure of an evaluation; a rate is {value, low, high, n}, and what can't be measured is null."""
    plain: dict[str, Any] = without_nan(asdict(evaluation))
    return plain


def percent(rate: Rate) -> str:
    """A rate with its 95 % interval for a person, "99.9 % [99.8, 100.0]"."""
    if math.isnan(rate.value):
        return "not measured"
    return f"{100 * rate.value:.2f} % [{100 * rate.low:.2f}, {100 * rate.high:.2f}]"


def decimal(rate: Rate) -> str:
    """A rate that is no percentage, such as an AUROC, with its 95 % interval: "0.9999 [0.9998, 1.0000]"."""
    if math.isnan(rate.value):
        return "not measured"
    return f"{rate.value:.4f} [{rate.low:.4f}, {rate.high:.4f}]"


def table_rows(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The figures of an evaluation as (name, value) rows."""
    rows = [
        ("clean inputs", f"{evaluation.n:,}"),
        ("clean accuracy before", percent(evaluation.clean_accuracy_before)),
        ("clean accuracy after", percent(evaluation.clean_accuracy_after)),
        ("clean predictions changed", percent(evaluation.changed)),
    ]
    for name, attack in evaluation.attacks.items():
        rows += [
            (f"{name}: inputs", f"{attack.n:,}"),
            (f"{name}: ASR before", percent(attack.asr_before)),
            (f"{name}: ASR after", percent(attack.asr_after)),
            (f"{name}: clean base rate", percent(attack.clean_base_rate)),
            (f"{name}: excess ASR after", percent(attack.excess_asr_after)),
            (f"{name}: recovery (accuracy on triggered inputs)", percent(attack.recovery)),
        ]
    if evaluation.detector is not None:
        detector = evaluation.detector
        rows += [
            ("detector AUROC per input", decimal(detector.auroc)),
            ("detector FPR per input", percent(detector.fpr_per_input)),
            ("clean inputs flagged and repaired", percent(detector.false_alarms)),
            ("detector TPR per input", percent(detector.tpr_per_input)),
            ("detector threshold", f"{detector.threshold:.4f}"),
        ]
    return rows


def without_nan(value: Any) -> Any:
    """A copy of JSON-ready data with `None` for every number that is not finite, at any depth."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
