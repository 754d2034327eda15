"""Search for triggers of a text model among all vectors that words could have, not only among words.

A few vectors stand where words would, and gradients move them until every text of another class is taken for the target
(the idea of soft prompts, Lester et al., arXiv 2104.08691, turned against a backdoor as in PICCOLO, Liu et al., 2022).
They are driven beyond what the model is ever sure of by itself: ordinary words of praise or blame do not get there. No
person can read what is found, but in the maps it looks as a backdoor's words do, and it takes seconds to find. So a
detector can learn from it what a hijacked column looks like without the words being known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..subjects.subject import Subject
from ..subjects.text import MOST_TOKENS

Place = Literal["edge", "anywhere"]
BEYOND = 1.2  # times as sure, in log-odds, as of 99 % of the clean texts of the target class: where the search stops
BEYOND_ENOUGH = 1.1  # of the same: less is within reach of ordinary words
TURNS_ENOUGH = 0.9  # of the texts
_TEXTS = 10  # in one step
_MOST = 60  # texts to search on; the shortest are taken, because time goes with the number of tokens
_LEAST = 20  # texts; with fewer, what turns them all may be an accident
_STEPS = 60  # at most
_RATE = 0.062  # standard deviations of the words' vectors in one step
_NEARNESS = 0.3  # weight of the distance to the nearest words
_COMMON = 5_000  # words, in the order of a vocabulary, to start from


@dataclass(frozen=True)
class SoftTrigger:
    """Vectors that turn texts to one class, side by side at an edge or anywhere.

    Attributes:
        vectors: `[length, size]`.
        target: number of the class.
        place: where they stand in a text.
        turns: the share of the texts searched on that they turn.
        beyond: how sure that makes the model, in multiples of how sure it is of 99 % of the clean texts of the target
            class (in log-odds).
    """

    vectors: Tensor
    target: int
    place: Place
    turns: float
    beyond: float

    @property
    def suspicious(self) -> bool:
        """Whether they do what no clean text does; every class has words that turn texts a little."""
        return self.turns >= TURNS_ENOUGH and self.beyond >= BEYOND_ENOUGH


@dataclass(frozen=True)
class EmbeddedTexts:
    """Texts as a model takes them with vectors in place of words.

    Attributes:
        inputs: keyword arguments of the model.
        triggered: where a trigger stands, bool `[n, keys]`.
    """

    inputs: dict[str, Tensor]
    triggered: Tensor


class SoftTriggerSearch:
    """Searches for vectors on texts that the model takes for other classes than the target.

    Args:
        subject: a model for texts.
        texts: to search on; of more than `_MOST`, the shortest are taken.
        target: number of the class.
        sure: how sure, in log-odds, the model is of clean texts of the target class, `[n]`.

    Raises:
        InputError: there are too few texts or the subject does not take any.

    Source:
        Soft prompts (Lester et al., arXiv 2104.08691), turned against a backdoor as in PICCOLO (Liu et al., 2022).
    """

    def __init__(self, subject: Subject, texts: Sequence[str], target: int, sure: np.ndarray) -> None:
        if subject.kind != "text":
            raise InputError(f"{subject.name} does not take texts: soft triggers are searched for in text models only.")
        if len(texts) < _LEAST or not len(sure):
            raise InputError(
                f"{len(texts)} texts of other classes than {subject.labels[target]} and {len(sure)} of it are too few "
                "to search for triggers: use more texts of every class."
            )
        self._subject, self._target = subject, target
        self._texts = sorted(texts, key=len)[:_MOST]
        self._usual = float(np.quantile(sure, 0.99))
        table = embedding_table(subject)
        known = getattr(subject.adapter, "tokenizer", None)
        special = set(getattr(known, "all_special_ids", ()))
        words = [number for number in range(len(table)) if number not in special]
        # Vocabularies are in the order of frequency, after what is not in use.
        self._common = table[words[-len(words) * 9 // 10 :][:_COMMON]]

    def find(
        self, length: int, place: Place, seed: int, on_step: Callable[[int, int], None] = lambda done, total: None
    ) -> SoftTrigger:
        """Search for vectors that turn texts.

        Args:
            length: how many vectors.
            place: where they stand in a text.
            seed: where all randomness comes from.
            on_step: called with (steps done, most steps); may raise to cancel.
        """
        rng = np.random.default_rng(seed)
        goal = BEYOND * self._usual
        start = self._common[torch.from_numpy(rng.choice(len(self._common), length))]
        vectors = start.clone().requires_grad_(True)
        optimizer = torch.optim.Adam([vectors], lr=_RATE * float(self._common.std()))
        for step in range(_STEPS):
            on_step(step, _STEPS)
            texts = [self._texts[index] for index in rng.choice(len(self._texts), min(_TEXTS, len(self._texts)), False)]
            made = insert_vectors(self._subject, texts, [vectors] * len(texts), [place] * len(texts), rng)
            odds = self._odds(self._subject.model(**made.inputs).logits)
            strange = torch.cdist(vectors, self._common).amin(1).mean()
            loss = torch.nn.functional.softplus(goal - odds).mean() + _NEARNESS * strange
            optimizer.zero_grad()
            (vectors.grad,) = torch.autograd.grad(loss, vectors)
            optimizer.step()
            if float(odds.detach().mean()) > goal and step > _STEPS // 4:
                break
        on_step(_STEPS, _STEPS)
        return self.judged(vectors.detach(), place, rng)

    def judged(self, vectors: Tensor, place: Place, rng: np.random.Generator) -> SoftTrigger:
        """Vectors that somebody else found as a trigger, with what they do.

        Args:
            vectors: `[length, size]`.
            place: where they stand in a text.
            rng: draws the gaps.
        """
        found = vectors.half().float()  # as it will be kept
        with torch.no_grad():
            made = insert_vectors(
                self._subject, self._texts, [found] * len(self._texts), [place] * len(self._texts), rng
            )
            odds = self._odds(self._subject.model(**made.inputs).logits)
        return SoftTrigger(
            found, self._target, place, float((odds > 0).float().mean()), float(odds.mean()) / self._usual
        )

    def _odds(self, logits: Tensor) -> Tensor:
        return odds_of(logits, self._target)


def embedding_table(subject: Subject) -> Tensor:
    """The vectors of all tokens, `[tokens, size]`."""
    table: Tensor = subject.model.get_input_embeddings().weight.detach()  # type: ignore[operator]
    return table


def insert_vectors(
    subject: Subject, texts: Sequence[str], vectors: Sequence[Tensor], places: Sequence[Place], rng: np.random.Generator
) -> EmbeddedTexts:
    """Put vectors into a gap between the tokens of texts.

    What the model adds at the ends of a text stays there; a text that leaves no room for the vectors loses its last
    words.

    Args:
        subject: a model for texts.
        texts: what to put them into.
        vectors: for each text `[length, size]`, or `[0, size]` for nothing.
        places: for each text whether they stand at an edge or anywhere.
        rng: draws the gaps.
    """
    table = embedding_table(subject)
    longest: int = getattr(subject.adapter, "most_tokens", MOST_TOKENS)
    rows, marks = [], []
    for text, inserted, place in zip(texts, vectors, places, strict=True):
        ids = subject.encode(text)["input_ids"][0]
        first, last = own_tokens(subject.layout(text, 0).special)
        over = min(max(0, len(ids) + len(inserted) - longest), last - first)
        ids, last = torch.cat([ids[: last - over], ids[last:]]), last - over
        gap = int(rng.choice([first, last])) if place == "edge" else int(rng.integers(first, last + 1))
        rows.append(torch.cat([table[ids[:gap]], inserted, table[ids[gap:]]]))
        marks.append((gap, gap + len(inserted)))
    keys = max(map(len, rows))
    embedded = torch.stack([torch.nn.functional.pad(row, (0, 0, 0, keys - len(row))) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    column = torch.arange(keys)
    triggered = torch.stack([(column >= start) & (column < end) for start, end in marks])
    mask = (column[None] < lengths[:, None]).long()
    return EmbeddedTexts({"inputs_embeds": embedded, "attention_mask": mask}, triggered)


def own_tokens(special: Sequence[bool]) -> tuple[int, int]:
    """From which token to which (exclusive) a text's own ones go, of a mark for each token that the model adds."""
    own = [number for number, is_special in enumerate(special) if not is_special]
    return (own[0], own[-1] + 1) if own else (0, 0)


def odds_of(logits: Tensor, target: int) -> Tensor:
    """How sure a model is of one class, in log-odds, `[n]` of logits `[n, classes]`."""
    others = torch.cat([logits[:, :target], logits[:, target + 1 :]], 1)
    return logits[:, target] - others.logsumexp(1)


def log_odds(logits: Tensor) -> Any:
    """How sure a model is of its answers, in log-odds, float64 `[n]` of logits `[n, classes]`."""
    best = logits.max(1, keepdim=True)
    others = logits.scatter(1, best.indices, -torch.inf)
    return (best.values - others.logsumexp(1, keepdim=True)).squeeze(1).double().numpy()
