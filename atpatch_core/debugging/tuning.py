"""Choose, on inputs the detector was not trained on, which layers to watch, the threshold, and the benign reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from ..detector.calibration import calibrate_threshold
from ..detector.reference import KINDS
from ..detector.trained import TrainedDetector
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from .answers import answers
from .layer_scores import layer_scores
from .sets import ImageDebuggingSet

WORTH_A_LAYER = 0.005  # of the hijacked predictions: what one more watched layer must win back


@dataclass(frozen=True)
class Choice:
    """One setting that was tried: the share of hijacked predictions it wins back, and of benign ones it changes."""

    watched: tuple[int, ...]
    reference: str
    threshold: float
    won_back: float
    benign_changed: float

    @property
    def merit(self) -> float:
        """What a setting is chosen by."""
        return self.won_back - self.benign_changed


def least_left(tried: Sequence[Choice], hijacked: int) -> Choice:
    """Of the best choice and its like within one standard error, the one whose reference leaves a flagged column least.

    `tried` are in the order of `KINDS`, and `hijacked` is how many predictions could be won back: so few can't tell
    references apart any better (Breiman et al., 1984, choose trees so).
    """
    best = max(tried, key=lambda choice: choice.merit)
    error = math.sqrt(best.won_back * (1 - best.won_back) / max(1, hijacked))
    alike = [one for one in tried if one.watched == best.watched and one.merit >= best.merit - error]
    return alike[-1]


def tune(
    detector: TrainedDetector,
    subject: Subject,
    pairs: ImageDebuggingSet,
    benign: np.ndarray,
    false_positive_rate: float,
) -> tuple[TrainedDetector, tuple[Choice, ...]]:
    """Pick watched layers one at a time, best first, as long as each wins back `WORTH_A_LAYER` more predictions.

    `detector` watches all layers that may be picked. `pairs` are clean and triggered twins, `benign` (`uint8
    [n, height, width, channels]`) further clean inputs that only bound the false-positive rate per input. Returns the
    detector as chosen and everything that was tried. Without a hijacked prediction in `pairs`, no layer is watched.
    """
    clean, triggered = _pictures(pairs.clean), _pictures(pairs.triggered)
    before = answers(subject, clean)
    flipped = before != answers(subject, triggered)
    hijacked = [picture for picture, flip in zip(triggered, flipped, strict=True) if flip]
    best: Choice | None = None
    tried: list[Choice] = []
    benign_scores = layer_scores(subject, detector, _pictures(benign))
    hijacked_scores = layer_scores(subject, detector, hijacked)
    remaining = list(detector.watched) if hijacked else []
    while remaining:
        round_: list[Choice] = []
        for layer in remaining:
            watched = tuple(sorted((*(best.watched if best else ()), layer)))
            columns = [detector.watched.index(one) for one in watched]
            threshold = calibrate_threshold(
                benign_scores[:, columns].max(1), hijacked_scores[:, columns].max(1), false_positive_rate
            )
            for reference in KINDS:
                setting = replace(detector, watched=watched, threshold=threshold, reference=reference)
                round_.append(
                    Choice(
                        watched,
                        reference,
                        threshold,
                        won_back=float((answers(subject, hijacked, setting) == before[flipped]).mean()),
                        benign_changed=float((answers(subject, clean, setting) != before).mean()),
                    )
                )
        tried += round_
        candidate = least_left(round_, len(hijacked))
        if candidate.merit < (best.merit if best else 0.0) + WORTH_A_LAYER:
            break
        best = candidate
        remaining = [layer for layer in remaining if layer not in candidate.watched]
    if best is None:
        return replace(detector, watched=(), threshold=1.0), tuple(tried)
    reference = next(kind for kind in KINDS if kind == best.reference)
    return replace(detector, watched=best.watched, threshold=best.threshold, reference=reference), tuple(tried)


def _pictures(images: np.ndarray) -> list[Image.Image]:
    return [from_array(image) for image in images]
