"""Columns of texts that are known, redistributed in all layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ...attention import attention_layers, hotfix
from ...debugging.answers import batches
from ...detector.known import KnownColumns
from ...subjects.subject import Subject


def repaired_at(subject: Subject, texts: Sequence[str], columns: Sequence[Sequence[int]]) -> np.ndarray:
    """The model's answers with some columns of each text redistributed in all layers.

    Args:
        subject: a model for texts.
        texts: to be answered.
        columns: for each text the columns.

    Returns:
        int64 `[n]`.
    """
    layers = len(attention_layers(subject.model))
    found = np.zeros(len(texts), dtype=np.int64)
    for chosen in batches(texts):
        inputs = subject.encode([texts[place] for place in chosen])
        flags = torch.zeros(len(chosen), 1, inputs["attention_mask"].shape[1], dtype=torch.bool)
        for row, place in enumerate(chosen):
            flags[row, 0, list(columns[place])] = True
        with torch.no_grad(), hotfix(subject.model, KnownColumns(layers, dict.fromkeys(range(layers), flags))):
            found[chosen] = subject.model(**inputs).logits.argmax(-1).numpy()
    return found
