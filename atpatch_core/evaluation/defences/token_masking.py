"""X-GRAAD's idea: the word with the highest attention times gradient is masked where that is unusually high."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...attention import capture
from ...debugging.answers import answers, batches
from ...subjects.subject import Subject
from .contract import Answers, DefenderData, Suspects
from .thresholds import conformal_cut
from .z_score_by_role import received


@dataclass(frozen=True)
class TokenMasking:
    """Masks the highest token of texts in which it scores `cut` or more, and asks the model again."""

    cut: float

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The untouched model's answers to the texts, where need be to the masked ones."""
        scores, keys = token_scores(subject, suspects.inputs)
        flagged = scores >= self.cut
        labels = answers(subject, suspects.inputs)
        tokenizer: Any = subject.adapter.tokenizer  # type: ignore[attr-defined]
        for place in np.flatnonzero(flagged).tolist():
            inputs = subject.encode(suspects.inputs[place])
            inputs["input_ids"][0, keys[place]] = tokenizer.mask_token_id or tokenizer.unk_token_id
            with torch.no_grad():
                labels[place] = int(subject.model(**inputs).logits.argmax())
        return Answers(labels, flagged, scores)


def token_masking(subject: Subject, have: DefenderData) -> TokenMasking:
    """Set the threshold on the clean texts."""
    return TokenMasking(conformal_cut(token_scores(subject, have.clean.inputs)[0], have.false_positive_rate))


def token_scores(subject: Subject, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The highest attention times gradient of each text's own tokens, float64 `[n]`, and that token's key."""
    table: Tensor = subject.model.get_input_embeddings().weight.detach()  # type: ignore[operator]
    scores, keys = np.zeros(len(texts)), np.zeros(len(texts), dtype=np.int64)
    for chosen in batches(texts):
        inputs = subject.encode([texts[place] for place in chosen])
        mask = inputs["attention_mask"]
        embedded = table[inputs["input_ids"]].requires_grad_(True)
        rest = {name: value for name, value in inputs.items() if name != "input_ids"}
        with capture(subject.model) as maps:
            logits = subject.model(inputs_embeds=embedded, **rest).logits
        (gradient,) = torch.autograd.grad(logits.max(-1).values.sum(), embedded)
        attention = torch.stack([received(layer, mask.bool()).mean(1) for layer in maps.layers]).mean(0)
        position = mask.cumsum(-1) - 1
        own = (position > 0) & (position < mask.sum(-1, keepdim=True) - 1) & mask.bool()
        both = (gradient.norm(dim=-1) * attention).masked_fill(~own, 0.0)
        scores[chosen], keys[chosen] = both.amax(-1).double().numpy(), both.argmax(-1).numpy()
    return scores, keys
