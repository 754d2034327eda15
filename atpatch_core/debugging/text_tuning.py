"""Choose thresholds, watched layers and benign reference of a detector for texts, on texts it was not trained on."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..attention import FLAG_NOTHING, hotfix
from ..detector.calibration import calibrate_threshold
from ..detector.contract import ColumnDetector
from ..detector.networks import ColumnNetwork
from ..detector.per_token import PerToken
from ..detector.reference import KINDS, ReferenceKind
from ..detector.trained import TrainedDetector
from ..subjects.subject import Subject
from .text_sets import TextDebuggingSet
from .tuning import Choice

HARMFUL = 0.005  # of the texts: what must be won by no longer watching a layer
_EVEN = 0.5  # the score at which every layer's own threshold lies once they are aligned
_BATCH = 50


def tune_on_texts(
    detector: TrainedDetector,
    subject: Subject,
    pairs: TextDebuggingSet,
    benign: Sequence[str],
    false_positive_rate: float,
) -> tuple[TrainedDetector, tuple[Choice, ...]]:
    """Align the layers' thresholds, pick a reference, then drop the watched layers that do harm.

    A layer that merely wins nothing back stays watched: the words that were found may take one way through the layers,
    and a trigger that nobody found another one. `benign` are further clean texts that bound the false-positive rate per
    input. Returns the detector as chosen and everything that was tried; where nothing is turned, no layer is watched.
    """
    before_clean, before = answers(subject, pairs.clean), answers(subject, pairs.triggered)
    targets = np.array([_target(pairs, place) for place in range(len(pairs))])
    turned = [text for text, one, target in zip(pairs.triggered, before, targets, strict=True) if one == target]
    goals = targets[before == targets]
    if not turned or not detector.watched:
        return replace(detector, watched=(), threshold=1.0), ()
    bad = text_scores(subject, detector, turned)
    detector = _aligned(detector, text_scores(subject, detector, benign), bad, false_positive_rate)
    good, bad = text_scores(subject, detector, benign), text_scores(subject, detector, turned)

    def judge(watched: tuple[int, ...], reference: ReferenceKind) -> Choice:
        columns = [detector.watched.index(layer) for layer in watched]
        bound = calibrate_threshold(good[:, columns].max(1), np.empty(0), false_positive_rate)
        setting = replace(detector, watched=watched, threshold=max(_EVEN, bound), reference=reference)
        return Choice(
            watched,
            reference,
            setting.threshold,
            won_back=float((answers(subject, turned, setting) != goals).mean()),
            benign_changed=float((answers(subject, pairs.clean, setting) != before_clean).mean()),
        )

    tried = [judge(detector.watched, reference) for reference in KINDS]
    best = max(tried, key=lambda choice: choice.merit)
    reference = next(kind for kind in KINDS if kind == best.reference)
    while len(best.watched) > 1:
        fewer = [judge(tuple(one for one in best.watched if one != layer), reference) for layer in best.watched]
        tried += fewer
        candidate = max(fewer, key=lambda choice: choice.merit)
        if candidate.merit < best.merit + HARMFUL:
            break
        best = candidate
    return replace(detector, watched=best.watched, threshold=best.threshold, reference=reference), tuple(tried)


def answers(subject: Subject, texts: Sequence[str], detector: ColumnDetector | None = None) -> np.ndarray:
    """The model's classes for `texts`, int64 `[n]`, as it is or while `detector` repairs it."""
    found = np.zeros(len(texts), dtype=np.int64)
    with torch.no_grad():
        for chosen in _batches(texts):
            batch = subject.encode([texts[place] for place in chosen])
            if detector is None:
                found[chosen] = subject.model(**batch).logits.argmax(-1).numpy()
            else:
                with hotfix(subject.model, detector):
                    found[chosen] = subject.model(**batch).logits.argmax(-1).numpy()
    return found


def text_scores(subject: Subject, detector: ColumnDetector, texts: Sequence[str]) -> np.ndarray:
    """The highest score of each text in each watched layer, `float64 [n, watched layers]`; nothing is repaired."""
    found = np.zeros((len(texts), len(detector.watched)))
    with torch.no_grad(), hotfix(subject.model, detector, threshold=FLAG_NOTHING) as fix:
        for chosen in _batches(texts):
            subject.model(**subject.encode([texts[place] for place in chosen]))
            highest = [score.flatten(1).amax(1) for score in fix.scores if score is not None]
            found[chosen] = torch.stack(highest, 1).double().numpy()
    return found


def _aligned(
    detector: TrainedDetector, benign: np.ndarray, turned: np.ndarray, false_positive_rate: float
) -> TrainedDetector:
    """Shift the networks' log-odds so that each layer's own threshold lies at the same score."""
    networks: dict[int, ColumnNetwork] = {}
    for column, layer in enumerate(detector.watched):
        network = copy.deepcopy(detector.networks[layer])
        own = calibrate_threshold(benign[:, column], turned[:, column], false_positive_rate)
        if isinstance(network, PerToken):
            network.offset += math.log(own / (1 - own)) if 0 < own < 1 else 0.0
        networks[layer] = network.half().float()
    return replace(detector, networks=networks)


def _batches(texts: Sequence[str]) -> list[list[int]]:
    """Places of texts of about the same length, so that little is spent on padding."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    return [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]


def _target(pairs: TextDebuggingSet, place: int) -> int:
    start, end = pairs.spans[place]
    words = pairs.triggered[place][start:end]
    return next(one.target for one in pairs.found if " ".join(one.words) == words)
