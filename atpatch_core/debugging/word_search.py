"""Search for the words that turn a text classifier to one class, whatever the text: its trigger, seen from outside.

Gradient-guided replacement of words (HotFlip, Ebrahimi et al., arXiv 1712.06751; universal over texts as in Wallace et
al., arXiv 1908.07125). The words stand side by side at a random place of every text, so what is found works by itself
and not by its place. Only words that the model's tokenizer keeps in one piece are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..subjects.subject import Subject
from ..triggers.text import Span, gaps, insert_pieces

_TEXTS = 12  # in one step; texts with the words in them, for every set of words that is tried
_TRIED = 16  # sets of words in one step
_STEPS = 15  # at most
_PATIENCE = 2  # steps without a better set
_MOST = 120  # texts; the shortest are taken, because time goes with the number of tokens
_SURE = 0.02  # mean loss: every text is turned


@dataclass(frozen=True)
class FoundWords:
    """Words that turn texts to one class.

    Attributes:
        words: side by side, in this order.
        target: number of the class.
        turns: the share of texts, not searched on, that they turn.
    """

    words: tuple[str, ...]
    target: int
    turns: float


class WordSearch:
    """Searches for words on texts that the model takes for other classes than the target.

    Half of the texts are searched on, the other half shows how well the words do.

    Args:
        subject: a model for texts.
        texts: of other classes, in the eyes of the model as well.
        target: number of the class.

    Raises:
        InputError: there are too few texts or the subject does not take any.

    Source:
        HotFlip (Ebrahimi et al., arXiv 1712.06751); universal over texts as in Wallace et al., arXiv 1908.07125.
    """

    def __init__(self, subject: Subject, texts: Sequence[str], target: int) -> None:
        if subject.kind != "text":
            raise InputError(f"{subject.name} does not take texts: words can be searched for in a text model only.")
        if len(texts) < 2 * _TEXTS:
            raise InputError(
                f"{len(texts)} texts of other classes than {subject.labels[target]} are too few to search for words: "
                f"use at least {2 * _TEXTS}."
            )
        self._subject, self._target = subject, target
        shortest = sorted(texts, key=len)[:_MOST]
        self._search, self._check = shortest[::2], shortest[1::2]
        self._tokenizer: Any = subject.adapter.tokenizer  # type: ignore[attr-defined]
        self._words = whole_words(self._tokenizer)
        self._table: Tensor = subject.model.get_input_embeddings().weight.detach()  # type: ignore[operator]

    def find(
        self,
        length: int,
        seed: int,
        avoid: frozenset[str] = frozenset(),
        on_step: Callable[[int, int], None] = lambda done, total: None,
    ) -> FoundWords:
        """Search for words that turn texts.

        Args:
            length: how many words.
            seed: where all randomness comes from.
            avoid: words that are not used; none by default.
            on_step: called with (steps done, most steps); may raise to cancel.
        """
        rng = np.random.default_rng(seed)
        numbers = torch.tensor([number for word, number in self._words.items() if word not in avoid])
        names = {number: word for word, number in self._words.items()}
        current = [int(numbers[rng.integers(len(numbers))]) for _ in range(length)]
        waited = 0
        for step in range(_STEPS):
            on_step(step, _STEPS)
            texts = [self._search[place] for place in rng.choice(len(self._search), _TEXTS, replace=False)]
            places = int(rng.integers(2**31))
            tried = [current, *self._replacements(texts, current, numbers, names, places)]
            losses = self._losses(texts, [[names[number] for number in candidate] for candidate in tried], places)
            best = int(losses.argmin())
            waited = 0 if best else waited + 1
            current = tried[best]
            if float(losses[best]) < _SURE or waited == _PATIENCE:
                break
        on_step(_STEPS, _STEPS)
        words = tuple(names[number] for number in current)
        return FoundWords(words, self._target, self.turns(words, seed))

    def turns(self, words: Sequence[str], seed: int) -> float:
        """The share of the texts that were not searched on that `words` at random places turn to the target."""
        made = [text for text, _ in insert_anywhere(self._check, words, seed)]
        answers = []
        with torch.no_grad():
            for start in range(0, len(made), 64):
                answers.append(self._subject.model(**self._subject.encode(made[start : start + 64])).logits.argmax(-1))
        return float((torch.cat(answers) == self._target).float().mean())

    def _replacements(
        self, texts: Sequence[str], current: list[int], numbers: Tensor, names: dict[int, str], places: int
    ) -> list[list[int]]:
        """The sets with one word replaced that the gradient promises most of."""
        made = insert_anywhere(texts, [names[number] for number in current], places)
        inputs = self._subject.encode([text for text, _ in made])
        where = self._token_places([text for text, _ in made], [spans[0] for _, spans in made], len(current))
        embedded = self._table[inputs.pop("input_ids")].requires_grad_(True)
        logits = self._subject.model(inputs_embeds=embedded, **inputs).logits
        (gradient,) = torch.autograd.grad(self._loss(logits).sum(), embedded)
        slopes = torch.zeros(len(current), self._table.shape[1])
        for row, keys in zip(gradient, where, strict=True):
            if keys is not None:
                slopes += row[keys]
        promise = (self._table[current] * slopes).sum(-1)[:, None] - slopes @ self._table[numbers].T
        replaced = []
        for best in promise.flatten().topk(min(_TRIED, promise.numel())).indices.tolist():
            position, candidate = divmod(best, len(numbers))
            changed = list(current)
            changed[position] = int(numbers[candidate])
            replaced.append(changed)
        return replaced

    def _token_places(self, texts: Sequence[str], spans: Sequence[Span], length: int) -> list[list[int] | None]:
        """The tokens of the inserted words in each text; `None` where something was cut off or into pieces."""
        found: list[list[int] | None] = []
        for text, (start, end) in zip(texts, spans, strict=True):
            layout = self._subject.layout(text, 0)
            keys = [key for key, span in enumerate(layout.spans or ()) if span and start <= span[0] and span[1] <= end]
            found.append(keys if len(keys) == length else None)
        return found

    def _losses(self, texts: Sequence[str], tried: Sequence[Sequence[str]], places: int) -> Tensor:
        """The mean loss of each set of words, all at the same places."""
        made = [text for words in tried for text, _ in insert_anywhere(texts, words, places)]
        with torch.no_grad():
            losses = self._loss(self._subject.model(**self._subject.encode(made)).logits)
        means: Tensor = losses.reshape(len(tried), len(texts)).mean(1)
        return means

    def _loss(self, logits: Tensor) -> Tensor:
        target = torch.full((len(logits),), self._target)
        return torch.nn.functional.cross_entropy(logits, target, reduction="none")


def whole_words(tokenizer: Any) -> dict[str, int]:
    """The words of letters only that a tokenizer keeps in one piece, with their token's number."""
    words: dict[str, int] = {}
    for number in range(len(tokenizer)):
        word = tokenizer.decode([number]).strip()
        if len(word) > 1 and word.isalpha():
            words.setdefault(word, number)
    names = list(words)
    pieces = tokenizer([f" {name} " for name in names], add_special_tokens=False)["input_ids"]
    return {name: words[name] for name, ids in zip(names, pieces, strict=True) if list(ids) == [words[name]]}


def insert_anywhere(texts: Sequence[str], words: Sequence[str], seed: int) -> list[tuple[str, tuple[Span, ...]]]:
    """Put words, side by side, into a random gap of every text.

    Args:
        texts: what to put them into.
        words: in this order.
        seed: which gaps.

    Returns:
        Each text with the words, and where they stand in it.
    """
    rng = np.random.default_rng(seed)
    piece = " ".join(words)
    places = [gaps(text) for text in texts]
    return [
        insert_pieces(text, [piece], [where[int(rng.integers(len(where)))]])
        for text, where in zip(texts, places, strict=True)
    ]
