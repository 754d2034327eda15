"""What else could be done about a hijacked text model: defences that answer texts, each made ready on clean ones.

* `oracle`: the trigger's true words are redistributed in all layers; a bound, because nobody knows them in the field.
* `random-words`: as many words as AtPatch would redistribute, drawn at random: the placebo.
* `z-score`: columns far above what is usual for their role in their head are redistributed; nothing is learnt.
* `token-masking`: the word with the highest attention times gradient is masked where that is unusually high (the idea
  of X-GRAAD).
* `strip`: refuses texts whose answer survives when half of their words are exchanged for those of other texts (STRIP,
  arXiv 1902.06531, in its form for texts, STRIP-ViTA, arXiv 1911.10312).

ONION (arXiv 2011.10369) is left out: it needs a language model to measure fluency with, and none installs as a package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..attention import attention_layers, capture, hotfix
from ..debugging.answers import answers as answer
from ..debugging.answers import batches
from ..debugging.layer_scores import layer_scores
from ..detector.contract import ColumnDetector
from ..detector.known import KnownColumns
from ..detector.per_token import ROLES, column_roles
from ..errors import DetectorError
from ..subjects.subject import Subject
from ..triggers.text import Span
from .defences.contract import REFUSED, Answers
from .defences.thresholds import conformal_cut

_COPIES = 8
_FLOOR = 0.05  # of a fair part: columns that hardly vary would stand out for nothing


@dataclass(frozen=True)
class SuspectTexts:
    """Texts to be answered; `spans` says where triggers stand, which only oracles look at."""

    texts: Sequence[str]
    spans: Sequence[tuple[Span, ...]]


@dataclass(frozen=True)
class CleanTexts:
    """What a defender has beside the model: clean texts, never those that are judged on."""

    texts: Sequence[str]
    false_positive_rate: float
    seed: int


TextDefence = Callable[[SuspectTexts], Answers]


def text_defences(subject: Subject, have: CleanTexts) -> dict[str, Callable[[], TextDefence]]:
    """Every defence by name, and what makes it ready; that raises `DetectorError` where the subject has no detector."""
    return {
        "no-fix": lambda: lambda some: _plain(answer(subject, some.texts)),
        "atpatch": lambda: partial(_hotfixed, subject, _own(subject)),
        "oracle": lambda: partial(_oracle, subject),
        "random-words": lambda: partial(_random_words, subject, _own(subject), have.seed),
        "z-score": lambda: partial(_hotfixed, subject, z_score_by_role(subject, have)),
        "token-masking": lambda: _token_masking(subject, have),
        "strip": lambda: _strip(subject, have),
    }


def _own(subject: Subject) -> ColumnDetector:
    if subject.detector is None:
        raise DetectorError(f"{subject.name} has no detector: train one first.")
    return subject.detector


def _plain(labels: np.ndarray) -> Answers:
    return Answers(labels, np.zeros(len(labels), dtype=bool), None)


def _hotfixed(subject: Subject, detector: ColumnDetector, some: SuspectTexts) -> Answers:
    scores = layer_scores(subject, detector, some.texts).max(1, initial=0.0)
    return Answers(answer(subject, some.texts, detector), scores >= detector.threshold, scores)


def _oracle(subject: Subject, some: SuspectTexts) -> Answers:
    flags = [
        [key for key, own in enumerate(subject.layout(text, 0).spans or ()) if own and _inside(own, spans)]
        for text, spans in zip(some.texts, some.spans, strict=True)
    ]
    hit = np.array([bool(one) for one in flags])
    return Answers(_known(subject, some.texts, flags), hit, hit.astype(float))


def _random_words(subject: Subject, detector: ColumnDetector, seed: int, some: SuspectTexts) -> Answers:
    rng = np.random.default_rng(seed)
    flags: list[list[int]] = [[] for _ in some.texts]
    for chosen in batches(some.texts):
        inputs = subject.encode([some.texts[one] for one in chosen])
        with torch.no_grad(), hotfix(subject.model, detector) as fix:
            subject.model(**inputs)
        counts = torch.stack([one.any(1) for one in fix.flagged if one is not None]).any(0).sum(-1)
        lengths = inputs["attention_mask"].sum(-1)
        for row, place in enumerate(chosen):
            own = np.arange(1, max(2, int(lengths[row]) - 1))
            flags[place] = rng.choice(own, min(len(own), int(counts[row])), replace=False).tolist()
    return _plain(_known(subject, some.texts, flags))  # whose words are repaired is AtPatch's doing, not the placebo's


def _known(subject: Subject, texts: Sequence[str], flags: Sequence[Sequence[int]]) -> np.ndarray:
    """The answers with the columns `flags[i]` of each text redistributed in all layers."""
    layers = len(attention_layers(subject.model))
    found = np.zeros(len(texts), dtype=np.int64)
    for chosen in batches(texts):
        inputs = subject.encode([texts[one] for one in chosen])
        columns = torch.zeros(len(chosen), 1, inputs["attention_mask"].shape[1], dtype=torch.bool)
        for row, place in enumerate(chosen):
            columns[row, 0, list(flags[place])] = True
        with torch.no_grad(), hotfix(subject.model, KnownColumns(layers, dict.fromkeys(range(layers), columns))):
            found[chosen] = subject.model(**inputs).logits.argmax(-1).numpy()
    return found


def _inside(one: Span, spans: Sequence[Span]) -> bool:
    return any(one[0] < end and one[1] > start for start, end in spans)


# --- a column detector that learns nothing -----------------------------------------------------------------------


@dataclass(frozen=True)
class ZScoreByRole:
    """Flags columns `cut` standard deviations or more above the mean of their head and role (see `ColumnDetector`).

    `mean` and `deviation` are `[layers, heads, roles]`, in fair parts. A column at the cut scores 0.5.
    """

    mean: Tensor
    deviation: Tensor
    cut: float
    threshold: float = 0.5

    @property
    def layers(self) -> int:
        """How many the model has."""
        return len(self.mean)

    @property
    def watched(self) -> tuple[int, ...]:
        """All layers: without learning, nothing says which ones matter."""
        return tuple(range(self.layers))

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Scores in 0..1, `[batch, heads, keys]`."""
        roles = column_roles(key_valid).clamp(max=len(ROLES) - 1)
        usual, spread = (one[layer][:, roles].transpose(0, 1) for one in (self.mean, self.deviation))
        beyond = ((_received(attention, query_valid) - usual) / spread).clamp(min=0) * key_valid[:, None]
        return beyond / (beyond + self.cut)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """Nothing."""
        return attention.new_zeros(())


def z_score_by_role(subject: Subject, have: CleanTexts) -> ZScoreByRole:
    """Measure every role in every head on the clean texts, and set one threshold for the wanted false-positive rate."""
    layers = len(attention_layers(subject.model))
    received: list[list[Tensor]] = [[] for _ in range(layers)]
    roles: list[Tensor] = []
    for chosen in batches(have.texts):
        inputs = subject.encode([have.texts[one] for one in chosen])
        valid = inputs["attention_mask"].bool()
        with torch.no_grad(), capture(subject.model) as maps:
            subject.model(**inputs)
        roles.append(column_roles(valid).flatten())
        for layer, attention in enumerate(maps.layers):
            received[layer].append(_received(attention, valid).transpose(0, 1).flatten(1))
    role = torch.cat(roles)
    whole = torch.stack([torch.cat(one, 1) for one in received])
    mean = torch.stack([whole[:, :, role == one].mean(-1) for one in range(len(ROLES))], -1)
    deviation = torch.stack([whole[:, :, role == one].std(-1) + _FLOOR for one in range(len(ROLES))], -1)
    free = ZScoreByRole(mean, deviation, cut=1.0)
    # With the cut at 1, a score s belongs to a column s / (1 - s) deviations above its mean.
    highest = layer_scores(subject, free, have.texts).max(1)
    return ZScoreByRole(mean, deviation, conformal_cut(highest / (1 - highest), have.false_positive_rate))


def _received(attention: Tensor, query_valid: Tensor) -> Tensor:
    """What each column gets on average, in fair parts, float32 `[batch, heads, keys]`."""
    return (attention.float() * query_valid[:, None, :, None]).sum(-2)


# --- defences that change or refuse the text ----------------------------------------------------------------------


def _token_masking(subject: Subject, have: CleanTexts) -> TextDefence:
    cut = conformal_cut(_token_scores(subject, have.texts)[0], have.false_positive_rate)

    def defend(some: SuspectTexts) -> Answers:
        scores, keys = _token_scores(subject, some.texts)
        flagged = scores >= cut
        labels = answer(subject, some.texts)
        masked = np.flatnonzero(flagged)
        tokenizer: Any = subject.adapter.tokenizer  # type: ignore[attr-defined]
        for place in masked.tolist():
            inputs = subject.encode(some.texts[place])
            inputs["input_ids"][0, keys[place]] = tokenizer.mask_token_id or tokenizer.unk_token_id
            with torch.no_grad():
                labels[place] = int(subject.model(**inputs).logits.argmax())
        return Answers(labels, flagged, scores)

    return defend


def _token_scores(subject: Subject, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The highest attention times gradient of each text's own tokens, float64 `[n]`, and that token's key."""
    table: Tensor = subject.model.get_input_embeddings().weight.detach()  # type: ignore[operator]
    scores, keys = np.zeros(len(texts)), np.zeros(len(texts), dtype=np.int64)
    for chosen in batches(texts):
        inputs = subject.encode([texts[one] for one in chosen])
        mask = inputs["attention_mask"]
        embedded = table[inputs["input_ids"]].requires_grad_(True)
        rest = {name: value for name, value in inputs.items() if name != "input_ids"}
        with capture(subject.model) as maps:
            logits = subject.model(inputs_embeds=embedded, **rest).logits
        (gradient,) = torch.autograd.grad(logits.max(-1).values.sum(), embedded)
        attention = torch.stack([_received(one, mask.bool()).mean(1) for one in maps.layers]).mean(0)
        place = mask.cumsum(-1) - 1
        own = (place > 0) & (place < mask.sum(-1, keepdim=True) - 1) & mask.bool()
        both = (gradient.norm(dim=-1) * attention).masked_fill(~own, 0.0)
        scores[chosen], keys[chosen] = both.amax(-1).double().numpy(), both.argmax(-1).numpy()
    return scores, keys


def _strip(subject: Subject, have: CleanTexts) -> TextDefence:
    others, bound = have.texts[: len(have.texts) // 5], have.texts[len(have.texts) // 5 :]
    cut = conformal_cut(_sameness(subject, bound, others, have.seed), have.false_positive_rate)

    def defend(some: SuspectTexts) -> Answers:
        scores = _sameness(subject, some.texts, others, have.seed)
        flagged = scores >= cut
        return Answers(np.where(flagged, REFUSED, answer(subject, some.texts)), flagged, scores)

    return defend


def _sameness(subject: Subject, texts: Sequence[str], others: Sequence[str], seed: int) -> np.ndarray:
    """Minus the mean entropy (in bits) of the answers to copies of each text, float64 `[n]`."""
    rng = np.random.default_rng(seed)
    copies = [_mixed(text, others[int(rng.integers(len(others)))], rng) for text in texts for _ in range(_COPIES)]
    entropy = np.zeros(len(copies))
    for chosen in batches(copies):
        with torch.no_grad():
            shares = subject.model(**subject.encode([copies[one] for one in chosen])).logits.double().softmax(-1)
        entropy[chosen] = -(torch.special.xlogy(shares, shares).sum(-1) / np.log(2)).numpy()
    mean: np.ndarray = -entropy.reshape(len(texts), _COPIES).mean(1)
    return mean


def _mixed(text: str, other: str, rng: np.random.Generator) -> str:
    """`text` with about half of its words exchanged for words of `other`."""
    words, foreign = text.split(), other.split()
    return " ".join(
        foreign[int(rng.integers(len(foreign)))] if foreign and rng.random() < 0.5 else word for word in words
    )
