"""STRIP in its form for texts (STRIP-ViTA, arXiv 1911.10312): a trigger's answer survives other words around it.

Refuses texts whose answer survives when half of their words are exchanged for those of other texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from ...debugging.answers import answers, batches
from ...subjects.subject import Subject
from .contract import REFUSED, Answers, DefenderData, Suspects
from .thresholds import conformal_cut

_COPIES = 8  # of each text: more tell texts apart better and take longer


@dataclass(frozen=True)
class TextStrip:
    """Refuses texts whose copies, mixed with other texts, get much the same answer.

    Attributes:
        others: texts to mix in.
        seed: which words are exchanged.
        cut: minus the mean entropy (in bits) from which on a text is refused.

    Source:
        STRIP-ViTA, arXiv 1911.10312.
    """

    others: Sequence[str] = field(repr=False)
    seed: int
    cut: float

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The model's answers, or refusals."""
        scores = sameness(subject, suspects.inputs, self.others, self.seed)
        flagged = scores >= self.cut
        return Answers(np.where(flagged, REFUSED, answers(subject, suspects.inputs)), flagged, scores)


def text_strip(subject: Subject, have: DefenderData) -> TextStrip:
    """Keep a fifth of the clean texts to mix into others, and set the threshold on the rest."""
    texts = have.clean.inputs
    others, bound = texts[: len(texts) // 5], texts[len(texts) // 5 :]
    cut = conformal_cut(sameness(subject, bound, others, have.seed), have.false_positive_rate)
    return TextStrip(others, have.seed, cut)


def sameness(subject: Subject, texts: Sequence[str], others: Sequence[str], seed: int) -> np.ndarray:
    """How alike the answers to mixed copies of each text are.

    Args:
        subject: a model for texts.
        texts: to be judged.
        others: texts to mix in.
        seed: which words are exchanged.

    Returns:
        Minus the mean entropy of the answers (in bits), float64 `[n]`.
    """
    rng = np.random.default_rng(seed)
    copies = [_mixed(text, others[int(rng.integers(len(others)))], rng) for text in texts for _ in range(_COPIES)]
    entropy = np.zeros(len(copies))
    for chosen in batches(copies):
        with torch.no_grad():
            shares = subject.model(**subject.encode([copies[place] for place in chosen])).logits.double().softmax(-1)
        entropy[chosen] = -(torch.special.xlogy(shares, shares).sum(-1) / np.log(2)).numpy()
    mean: np.ndarray = -entropy.reshape(len(texts), _COPIES).mean(1)
    return mean


def _mixed(text: str, other: str, rng: np.random.Generator) -> str:
    """`text` with about half of its words exchanged for words of `other`."""
    words, foreign = text.split(), other.split()
    return " ".join(
        foreign[int(rng.integers(len(foreign)))] if foreign and rng.random() < 0.5 else word for word in words
    )
