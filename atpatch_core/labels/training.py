"""Learn a detector from what annotators say: their verdicts take the place of a debugging set.

What several annotators say about a column is decided by majority; a tie, or "unsure", leaves the column out. A column
that nobody judged is left out as well: it is neither benign nor over-attended. It is benign where an annotator said so
of the rest. So an input counts as clean only if every column of it was judged benign, by name or as the rest; only
clean inputs show how often a threshold raises a false alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from torch import Tensor

from ..detector.learning_curve import OnEpoch, OnStep, say_nothing
from ..detector.reach import Reach
from ..detector.token_training import benign_shares
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples
from ..errors import LabelError
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .examples import labelled_examples
from .fitting import fit, over_attended_and_clean
from .labelled_inputs import LabelledInput

# More epochs of smaller batches than from debugging sets, as labels are few. No measurement is kept.
RECIPE = DetectorRecipe(epochs=25, batch_size=64, hardest=64, random=64)
TEXT_RECIPE = DetectorRecipe(variant="per-token", epochs=15, batch_size=16, weight_decay=5e-2)


def train_from_labels(
    subject: Subject,
    inputs: Sequence[LabelledInput],
    recipe: DetectorRecipe | None = None,
    false_positive_rate: float = 0.01,
    on_step: OnStep = say_nothing,
    on_epoch: OnEpoch = lambda epoch: None,
) -> TrainedDetector:
    """Learn a detector from labelled inputs.

    What is flagged in a text is followed, and repaired in all layers (see `Reach`).

    Args:
        subject: the model.
        inputs: its labelled inputs.
        recipe: how networks are trained; by default `recipe_for(subject)`.
        false_positive_rate: the share of clean inputs that may have a flagged column; 0.01 by default.
        on_step: called with (stage, steps done, steps in all).
        on_epoch: called after every epoch.

    Raises:
        LabelError: there is too little to learn from.
    """
    if not inputs:
        raise LabelError("Nothing is labelled yet: submit answers on the Label page first.")
    is_text = subject.kind == "text"
    recipe = recipe or recipe_for(subject)
    examples = labelled_examples(subject, inputs)
    fitted = fit(examples, recipe, false_positive_rate, on_step, on_epoch)
    bad, clean = over_attended_and_clean(examples)
    known = (bad | clean).nonzero().flatten().tolist()
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": "labels of annotators",
        "labelled_inputs": len(inputs),
        "over_attended_inputs": int(bad.sum()),
        "clean_inputs": int(clean.sum()),
        "false_positive_rate_wanted": false_positive_rate,
        "auroc_held_out": fitted.auroc,
        "learnt_from": [labelled.digest for labelled in inputs],
        # Only of these it is known whether they ought to be flagged.
        "held_out": {
            "inputs": [inputs[number].digest for number in known],
            "over_attended": [bool(bad[number]) for number in known],
            "scores": [round(float(fitted.scores[number]), 6) for number in known],
        },
        "recipe": asdict(recipe),
    }
    return TrainedDetector(
        variant=recipe.variant,
        networks=fitted.networks,
        benign_means=tuple(_benign_mean(found, clean, is_text) for found in examples.values()),
        reference="zero" if is_text else "mean",
        threshold=fitted.threshold,
        watched=tuple(fitted.networks),
        fingerprint=fingerprint(subject.model),
        history=history,
        reach=Reach(tuple(examples)) if is_text else None,
    )


def recipe_for(subject: Subject) -> DetectorRecipe:
    """How labels of this subject's inputs are learnt from."""
    return TEXT_RECIPE if subject.kind == "text" else RECIPE


def _benign_mean(examples: LayerExamples, clean: Tensor, is_text: bool) -> Tensor:
    """What `TrainedDetector.benign_means` holds for a layer, as precise as it will be stored."""
    if is_text:
        return benign_shares(examples, clean)
    return examples.attention[clean].mean(0).half().float()
