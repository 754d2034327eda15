"""No detector at all: in every watched head of every input, the column that draws most is redistributed."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...attention import attention_layers
from ...subjects.subject import Subject
from .column_fix import ColumnFix
from .contract import Answers, DefenderData, Suspects, suspecting_nobody
from .shares import Share, own_share, watched_layers


@dataclass(frozen=True)
class HighestColumn:
    """Flags the column of each head that gets most attention, whatever the input (see `ColumnDetector`).

    Attributes:
        layers: how many attention layers the model has.
        watched: numbers of the layers in which columns are flagged.
        share: the attention that they keep.
        threshold: between the scores 0 and 1; 0.5 by default.
    """

    layers: int
    watched: tuple[int, ...]
    share: Share
    threshold: float = 0.5

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """1 for the highest column of each head, 0 for all others (see `ColumnDetector`)."""
        received = (attention * query_valid[:, None, :, None]).sum(-2) * key_valid[:, None]
        return (received == received.amax(-1, keepdim=True)).to(attention.dtype) * key_valid[:, None]

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The share (see `ColumnDetector`)."""
        return self.share(layer, attention, key_valid)


@dataclass(frozen=True)
class AlwaysOn:
    """Redistributes what `highest` flags in every input, and suspects none of them more than another."""

    highest: HighestColumn

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the model with its highest columns repaired."""
        return suspecting_nobody(ColumnFix(self.highest).predict(subject, suspects).labels)


def always_on(subject: Subject, _have: DefenderData) -> AlwaysOn:
    """The subject's watched layers and reference."""
    layers = len(attention_layers(subject.model))
    return AlwaysOn(HighestColumn(layers, watched_layers(subject), own_share(subject)))
