"""A comparison in a folder: figures as JSON, answers as arrays. The inputs are not kept: they come from the data again.

comparison.json       every figure, and the SHA-256 of the other file
answers.safetensors   `DEFENCE.CONDITION.labels`, `.flagged` and `.scores`, both counted from 0 in the order of the
                      figures; for records also `untouched`, what the model as it is answers to every flip
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .. import limits
from ..digest import digest_of
from ..errors import AtPatchError, ComparisonError
from ..files.content import read_bytes
from ..files.damaged import DamagedError
from ..files.json_files import read_object
from ..files.values import listed, mapping, number, text, whole
from ..files.whole_files import write_whole, write_whole_text
from ..subjects.subject import Subject
from .attack_trial import AttackTrial
from .comparison import Comparison, Run, attacked
from .comparison_request import ComparisonRequest
from .defences.catalogue import Family
from .defences.contract import REFUSED, Answers
from .fairness import FairnessJudge
from .fairness_trial import FairnessTrial
from .labelled import Labelled, drawn
from .modalities import MODALITIES, Modality
from .rates import Rate
from .record_data import LabelledRecords
from .trial import AttackFigures, DefenceFigures, Trial

_FORMAT = 1
_FIGURES, _ANSWERS = "comparison.json", "answers.safetensors"
_UNTOUCHED = "untouched"
_TIME = "cost"  # the metric that not every defence has
_LONGEST_NAME = 5_000  # characters
_LARGEST_RATE = 1e9  # a factor of time


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Keep a comparison in a folder. Raises `ComparisonError` when it is too large, or the disk refuses."""
    arrays = save(_as_arrays(comparison))
    if len(arrays) > limits.COMPARISONS.bytes:
        raise ComparisonError("The comparison is too large to be kept: compare on fewer inputs, or fewer attacks.")
    figures = _as_data(comparison) | {"arrays": digest_of(arrays)}
    try:
        write_whole(folder / _ANSWERS, arrays)
        write_whole_text(folder / _FIGURES, json.dumps(figures, allow_nan=False) + "\n")
    except OSError as error:
        raise ComparisonError(
            f"The comparison can't be kept ({error.strerror or 'the disk refused'}): make room and compare again."
        ) from error


def read_comparison(folder: Path, subject: Subject, data: Labelled, request: ComparisonRequest) -> Comparison | None:
    """What was kept of a comparison; `None` where there is none, a damaged one, or one of something else.

    Args:
        folder: where it was kept.
        subject: the model.
        data: all labelled inputs that it was drawn from.
        request: what was asked for.
    """
    try:
        figures = read_object(folder / _FIGURES)
        content = read_bytes(folder / _ANSWERS, limits.COMPARISONS.bytes)
        if figures["format"] != _FORMAT or figures["kind"] != subject.kind or figures["arrays"] != digest_of(content):
            return None
        return _built(figures, load(content), subject, data, request)
    except (OSError, AtPatchError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError):
        return None


def _as_data(comparison: Comparison) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "kind": comparison.kind,
        "n": comparison.n,
        "defender_n": comparison.defender_n,
        "false_positive_rate": comparison.false_positive_rate,
        "families": dict(comparison.families),
        "unavailable": dict(comparison.unavailable),
        "runs": [
            {
                "seed": run.seed,
                "defences": {
                    name: {
                        "rates": _rates_as_data(figures.rates),
                        "attacks": {
                            attack: {"n": under.n, "rates": _rates_as_data(under.rates)}
                            for attack, under in figures.attacks.items()
                        },
                    }
                    for name, figures in run.defences.items()
                },
            }
            for run in comparison.runs
        ],
    }


def _as_arrays(comparison: Comparison) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for defence, answers in enumerate(comparison.answers.values()):
        for condition, name in enumerate(comparison.trial.suspects):
            answer, where = answers[name], f"{defence}.{condition}"
            found |= {f"{where}.labels": answer.labels, f"{where}.flagged": answer.flagged}
            if answer.scores is not None:
                found[f"{where}.scores"] = answer.scores
    if isinstance(comparison.trial, FairnessTrial):
        found[_UNTOUCHED] = comparison.trial.judge.answers
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def _rates_as_data(rates: Mapping[str, Rate]) -> dict[str, list[float | int | None]]:
    """Of each rate its value, the ends of its interval and how many cases; JSON has no NaN, so that is null."""
    return {
        name: [
            *(None if math.isnan(end) else float(end) for end in (rate.value, rate.low, rate.high)),
            int(rate.n),
        ]
        for name, rate in rates.items()
    }


def _built(
    figures: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    subject: Subject,
    data: Labelled,
    request: ComparisonRequest,
) -> Comparison:
    """Raises `ValueError`, `TypeError` or `KeyError` for what does not fit together."""
    modality = MODALITIES[subject.kind]
    judged, clean = modality.halves(drawn(data, request.count), request.seed_numbers[-1])
    trial = _trial(modality, subject, judged, request, arrays)
    families = {
        text(name, _LONGEST_NAME): _family(family)
        for name, family in mapping(figures["families"], limits.COMPARISONS.defences).items()
    }
    runs = tuple(_run(run, modality) for run in listed(figures["runs"], limits.COMPARISONS.runs))
    if not runs or list(families.values()).count("none") != 1:
        raise DamagedError("It has no run, or not one model as it is.")
    unavailable = {
        text(name, _LONGEST_NAME): text(reason, limits.COMPARISONS.characters)
        for name, reason in mapping(figures["unavailable"], limits.COMPARISONS.defences).items()
    }
    answers = {
        name: _answers(arrays, number, trial, len(subject.labels)) for number, name in enumerate(runs[-1].defences)
    }
    comparison = Comparison(
        subject.kind,
        whole(figures["n"]),
        whole(figures["defender_n"]),
        number(figures["false_positive_rate"], 0, 1),
        runs,
        families,
        unavailable,
        trial,
        answers,
    )
    _check(comparison, request, len(judged), len(clean))
    return comparison


def _check(comparison: Comparison, request: ComparisonRequest, judged: int, clean: int) -> None:
    """Raise `DamagedError` where figures are not those of what was asked for."""
    defences = {*request.defences, comparison.untouched}
    wanted = (judged, clean, request.false_positive_rate, list(request.seed_numbers), defences)
    seeds = [run.seed for run in comparison.runs]
    found = (comparison.n, comparison.defender_n, comparison.false_positive_rate, seeds, set(comparison.families))
    if wanted != found or not set(comparison.unavailable) <= defences:
        raise DamagedError("It is another comparison.")
    under = [attribute.name for attribute in _protected(comparison.trial)] or list(request.attacks)
    for run in comparison.runs:
        alike = all(list(figures.attacks) == under for figures in run.defences.values())
        if not alike or comparison.untouched not in run.defences or not set(run.defences) <= defences:
            raise DamagedError("Its figures are of something else.")


def _protected(trial: Trial) -> tuple[Any, ...]:
    return trial.judge.protected if isinstance(trial, FairnessTrial) else ()


def _trial(
    modality: Modality,
    subject: Subject,
    judged: Labelled,
    request: ComparisonRequest,
    arrays: Mapping[str, np.ndarray],
) -> Trial:
    """The last run's inputs under each condition, made again; records without asking the model again."""
    if not isinstance(judged, LabelledRecords):
        return modality.trial(subject, judged, attacked(judged, request.attack_functions(), request.seed_numbers[-1]))
    judge = FairnessJudge.knowing(subject, judged, arrays[_UNTOUCHED])
    _check_labels(judge.answers, len(judge.flips.versions), 0, len(subject.labels))
    return FairnessTrial(judge)


def _answers(arrays: Mapping[str, np.ndarray], defence: int, trial: Trial, classes: int) -> dict[str, Answers]:
    found = {}
    for condition, (name, batches) in enumerate(trial.suspects.items()):
        where, count = f"{defence}.{condition}", sum(map(len, batches))
        labels, flagged, scores = (
            arrays[f"{where}.labels"],
            arrays[f"{where}.flagged"],
            arrays.get(f"{where}.scores"),
        )
        _check_labels(labels, count, REFUSED, classes)
        if flagged.shape != (count,) or flagged.dtype != np.bool_:
            raise DamagedError("Its flags are none.")
        if scores is not None:
            _check_scores(scores, count, trial)
        found[name] = Answers(labels, flagged, scores)
    return found


def _check_labels(labels: np.ndarray, count: int, least: int, classes: int) -> None:
    sound = labels.shape == (count,) and labels.dtype.kind == "i"
    if not sound or not ((labels >= least) & (labels < classes)).all():
        raise DamagedError("Its answers are no classes of the model.")


def _check_scores(scores: np.ndarray, count: int, trial: Trial) -> None:
    sound = scores.shape == (count,) and scores.dtype.kind == "f"
    # Curves are drawn from them.
    if not sound or (isinstance(trial, AttackTrial) and not np.isfinite(scores).all()):
        raise DamagedError("Its scores are none.")


def _run(raw: object, modality: Modality) -> Run:
    fields = mapping(raw, 2)
    defences = mapping(fields["defences"], limits.COMPARISONS.defences)
    return Run(
        whole(fields["seed"]),
        {text(name, _LONGEST_NAME): _figures(mapping(figures, 2), modality) for name, figures in defences.items()},
    )


def _figures(raw: Mapping[str, Any], modality: Modality) -> DefenceFigures:
    always = {metric.name for metric in modality.metrics if not metric.under_attack} - {_TIME}
    under_attack = {metric.name for metric in modality.metrics if metric.under_attack}
    attacks = {}
    for name, under in mapping(raw["attacks"], limits.ATTACKS.attacks).items():
        fields = mapping(under, 2)
        figures = AttackFigures(_rates(fields["rates"]), whole(fields["n"]))
        if set(figures.rates) != under_attack:
            raise DamagedError("Its figures under attack are others.")
        attacks[text(name, _LONGEST_NAME)] = figures
    rates = _rates(raw["rates"])
    if set(rates) - {_TIME} != always:
        raise DamagedError("Its figures are others.")
    return DefenceFigures(rates, attacks)


def _rates(raw: object) -> dict[str, Rate]:
    return {name: _rate(rate) for name, rate in mapping(raw, limits.COMPARISONS.metrics).items()}


def _rate(raw: object) -> Rate:
    *ends, count = listed(raw, 4)
    value, low, high = (math.nan if end is None else number(end, -_LARGEST_RATE, _LARGEST_RATE) for end in ends)
    return Rate(value, low, high, whole(count))


def _family(raw: object) -> str:
    if raw not in get_args(Family):
        raise DamagedError("It has a family of defences that is not known.")
    return str(raw)
