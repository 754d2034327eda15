"""What a kind of input has to define so that detectors can be made for its models from debugging sets.

A debugging set is made from a model, kept in a folder, and taught to a detector by `train_detector`. What differs
between images, texts and records is one `Modality` each, registered in `modalities.py`: how a set is read from its
folder and joined with another, and the `Lesson` that it teaches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from ..detector.networks import ColumnNetwork
from ..detector.reach import Reach
from ..detector.reference import ReferenceKind
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, joined
from ..subjects.subject import Subject
from .tuning import Tuned

TrainAgain = Callable[[str, LayerExamples, int], ColumnNetwork]  # name, what to learn from, layer


class DebuggingData(Protocol):
    """A debugging set as it is kept: `pairs` to learn from, `tuning` inputs, and what `provenance.json` says."""

    @property
    def pairs(self) -> Any:
        """What networks learn from; its length is how many pairs there are."""
        ...

    @property
    def tuning(self) -> Any:
        """What settings are chosen on."""
        ...

    @property
    def benign(self) -> Any:
        """Further clean inputs, to set the threshold; none where they are not needed."""
        ...

    @property
    def provenance(self) -> dict[str, Any]:
        """What the set was made from, and what was found."""
        ...


@dataclass(frozen=True)
class Material:
    """What a detector is made from. Pairs, tuning and benign inputs share none.

    Attributes:
        subject: the model.
        pairs: those of a debugging set of its modality, to learn from.
        tuning: inputs of such a set, to choose settings on.
        benign: further clean inputs, for the threshold.
        seed: where all randomness comes from.
        false_positive_rate: the share of clean inputs that may have a flagged column, where that is asked for.
        labelled: further examples of every layer, which annotators labelled; none by default.
    """

    subject: Subject
    pairs: Any
    tuning: Any
    benign: Any
    seed: int
    false_positive_rate: float
    labelled: Mapping[int, LayerExamples] | None = None

    def with_labelled(self, examples: dict[int, LayerExamples]) -> dict[int, LayerExamples]:
        """Examples of some layers, and those that annotators labelled."""
        if self.labelled is None:
            return examples
        return {layer: joined(found, self.labelled[layer]) for layer, found in examples.items()}


@dataclass
class Lesson(Protocol):
    """What a debugging set teaches: the examples of each layer that gets a network, then inputs to choose settings on.

    Attributes:
        material: what the detector is made from.
        examples: those of each layer that gets a network, once `look` has found them.
        reference: how much attention a flagged column keeps until `tune` chooses.
    """

    material: Material
    examples: dict[int, LayerExamples] = field(default_factory=dict, init=False)
    reference: ReferenceKind = field(default="zero", init=False)  # until another one is chosen

    @property
    def reach(self) -> Reach | None:
        """How far flags are followed."""
        return None

    def look(self) -> None:
        """Look for hijacked columns, and find `examples` of every layer that has enough of them."""
        ...

    def held_out(self) -> dict[int, LayerExamples]:
        """Maps of the same layers for some tuning inputs, on which networks are watched while they learn."""
        ...

    def benign_means(self) -> tuple[Tensor, ...]:
        """The mean benign attention of each layer, in the shape and precision in which it will be stored."""
        ...

    def tune(self, detector: TrainedDetector) -> Tuned:
        """Choose layers, threshold and reference of a detector that watches all layers with a network."""
        ...

    def refine(self, tuned: Tuned, train: TrainAgain) -> Tuned:
        """Train once more for what was chosen, and choose again, where that is worth it."""
        return tuned

    def facts(self) -> dict[str, Any]:
        """What the detector's history says about the material, from "debugging_set" on."""
        ...


@dataclass(frozen=True)
class Modality:
    """How detectors are made for one kind of input.

    Attributes:
        recipe: how networks are trained.
        false_positive_rate: the share of clean inputs that may have a flagged column; `None` where the threshold is
            chosen by what it cures.
        lesson: makes the lesson of some material.
        load: reads a debugging set from its folder.
        joined: makes one debugging set of two.
        fewest_pairs: with fewer there is nothing to learn from a set.
        held_out_scores: says for each tuning input of a set whether a detector ought to flag it (bool `[n]`), and its
            highest column score (float64 `[n]`); the last argument is the seed of the training.
    """

    recipe: DetectorRecipe
    false_positive_rate: float | None
    lesson: Callable[[Material], Lesson]
    load: Callable[[Path], DebuggingData]
    joined: Callable[[Any, Any], Any]
    fewest_pairs: int
    held_out_scores: Callable[[Subject, TrainedDetector, Any, int], tuple[np.ndarray, np.ndarray]]
