"""AtPatch with one part changed at a time, to see what each part is worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..attention import FLAG_NOTHING, hotfix
from ..debugging.layer_scores import layer_scores
from ..detector.contract import ColumnDetector
from ..detector.known import KnownColumns
from ..detector.storage import load_detector
from ..subjects.loading import check_made_for
from ..subjects.subject import Subject
from .defences.catalogue import ATPATCH, IMAGE_DEFENCES, NO_FIX, Method
from .defences.column_fix import ColumnFix, own_detector
from .defences.contract import Answers, DefenderData, Suspects
from .defences.other_reference import OtherShare
from .defences.shares import Share, map_sizes, own_share
from .defences.thresholds import conformal_cut

SWEEP = (0.001, 0.01, 0.05, 0.2)  # false-positive rates
# What was left out in training, and the folder in `atpatch/` for what `train-detector --variant paper` and
# `train-detector --contrast 0` write.
TRAINED = {"head-mean": "paper", "no-contrast": "no-contrast"}


@dataclass(frozen=True)
class AllLayers:
    """What a detector flags in any head of the layers it watches is redistributed in all heads of all layers.

    Attributes:
        detector: flags columns.
        share: the attention that they keep.
        sizes: heads and keys of every layer's maps.
    """

    detector: ColumnDetector
    share: Share
    sizes: tuple[tuple[int, int], ...]

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """Two forwards: one to look, one to answer."""
        images: list[Image.Image] = list(suspects.inputs)
        with torch.no_grad(), hotfix(subject.model, self.detector, threshold=FLAG_NOTHING) as look:
            subject.model(**subject.encode(images))
        scores = [layer.amax(1) for layer in look.scores if layer is not None]
        highest = torch.stack(scores).amax(0) if scores else torch.zeros(len(images), self.sizes[0][1])
        flagged = highest >= self.detector.threshold
        everywhere = {layer: flagged[:, None].expand(-1, heads, -1) for layer, (heads, _) in enumerate(self.sizes)}
        known = KnownColumns(len(self.sizes), everywhere)
        with torch.no_grad(), hotfix(subject.model, OtherShare(known, self.share)):
            labels = subject.model(**subject.encode(images)).logits.argmax(-1).numpy()
        return Answers(labels, np.asarray(flagged.any(1).numpy()), highest.amax(1).double().numpy())


def all_layers(subject: Subject, have: DefenderData) -> AllLayers:
    """The subject's detector decides which columns."""
    return AllLayers(own_detector(subject), own_share(subject), map_sizes(subject, have))


def at_rate(subject: Subject, have: DefenderData, rate: float) -> ColumnFix:
    """The subject's detector with another threshold.

    Args:
        subject: the model, with its detector.
        have: what the defender has beside it.
        rate: the share of the clean images that the threshold flags.

    Raises:
        DetectorError: the subject has no detector.
    """
    detector = own_detector(subject)
    scores = layer_scores(subject, detector, have.clean.inputs).max(axis=1, initial=0.0)
    return ColumnFix(detector, threshold=conformal_cut(scores, rate))


def detector_in(subject: Subject, _have: DefenderData, folder: Path) -> ColumnFix:
    """Another detector that was trained for the subject.

    Args:
        subject: the model.
        _have: not used.
        folder: a detector folder.

    Raises:
        DetectorError: there is no detector in the folder, or it is for another model.
    """
    detector = load_detector(folder)
    check_made_for(detector, subject.model)
    return ColumnFix(detector)


def ablations(subject: Subject) -> dict[str, Method]:
    """All ablations of a subject, by name, with AtPatch itself and no fix to compare them with.

    Those in `TRAINED` need a detector of their own beside the subject's; without it they say so.
    """
    made = [IMAGE_DEFENCES[name] for name in (NO_FIX, ATPATCH, "flagged-to-zero", "no-rescale")]
    made.append(
        Method("all-layers", "Flagged columns are redistributed in every head and layer.", "ablation", all_layers)
    )
    for name, folder in TRAINED.items():
        prepare = partial(detector_in, folder=subject.folder / "atpatch" / folder)
        made.append(Method(name, f"AtPatch with the detector in atpatch/{folder}.", "ablation", prepare))
    for rate in SWEEP:
        name = f"fpr-{100 * rate:g}%"
        summary = f"AtPatch with the threshold that flags {100 * rate:g} % of the clean images."
        made.append(Method(name, summary, "ablation", partial(at_rate, rate=rate)))
    return {method.name: method for method in made}
