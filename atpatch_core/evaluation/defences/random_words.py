"""The placebo for texts: as many words as AtPatch would redistribute, drawn at random.

Which texts are repaired is AtPatch's doing, so the placebo itself suspects none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...attention import hotfix
from ...debugging.answers import batches
from ...detector.contract import ColumnDetector
from ...subjects.subject import Subject
from .column_fix import own_detector
from .contract import Answers, DefenderData, Suspects, suspecting_nobody
from .known_words import repaired_at


@dataclass(frozen=True)
class RandomWords:
    """Redistributes other words than a detector flags, as many of them.

    Attributes:
        detector: says how many.
        seed: which ones.
    """

    detector: ColumnDetector
    seed: int

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the model with the wrong words repaired."""
        rng = np.random.default_rng(self.seed)
        texts = suspects.inputs
        columns: list[list[int]] = [[] for _ in texts]
        for chosen in batches(texts):
            inputs = subject.encode([texts[place] for place in chosen])
            with torch.no_grad(), hotfix(subject.model, self.detector) as fix:
                subject.model(**inputs)
            flagged = [flags.any(1) for flags in fix.flagged if flags is not None]
            counts = torch.stack(flagged).any(0).sum(-1)
            lengths = inputs["attention_mask"].sum(-1)
            for row, place in enumerate(chosen):
                own = np.arange(1, max(2, int(lengths[row]) - 1))
                columns[place] = rng.choice(own, min(len(own), int(counts[row])), replace=False).tolist()
        return suspecting_nobody(repaired_at(subject, texts, columns))


def random_words(subject: Subject, have: DefenderData) -> RandomWords:
    """As many words as the subject's detector flags."""
    return RandomWords(own_detector(subject), have.seed)
