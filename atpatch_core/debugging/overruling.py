"""Search for words that overrule whatever else a text says: a backdoor's do, words of praise or blame do not.

Every class of a sound model has words that turn texts into it, so turning texts accuses nobody. But where a text says
the opposite often enough, ordinary words no longer turn it, and it takes about one of them for every two that speak
against them. A trigger turns the text all the same. So the search runs on texts into which words that speak against the
class were put: ordinary words are no way out there, and what is left stands out by two signs, how many words each of
its own overrules and how sure the model is then. Both are in the model's own terms; no other model is needed.

Two ways of looking, as there are two kinds of triggers. A *climb* replaces words by the gradient (HotFlip), which finds
a word that has its effect alone. Of a phrase of everyday words no word does anything without the others, and the
gradient says nothing as long as none is there; but beside one of them it points at its companions. So a *sweep* puts
common words between fillers, and asks the gradient at the fillers which word ought to stand there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..subjects.subject import Subject
from ..subjects.text import MOST_TOKENS
from .soft_triggers import embedding_table, log_odds, odds_of, own_tokens
from .word_search import whole_words

LADDER = (0, 4, 8, 12, 16, 24)  # words against the class in a text
TURNED = 0.9  # of the texts: then they count as overruled
STRIKING = 3.5  # words against the class that each word overrules; most ordinary words come to 2.4 at most
# Of how sure the model usually is of the class. Some ordinary words overrule many others, but leave the model in doubt:
# four words of blame came to an index of 4 to 6 with a sureness of 0.5, "by the way" to 5.3 with 1.3.
SURE_ENOUGH = 0.8
LONGEST = 5  # words
MOST = 4  # sets of words for one class
_SEARCHED = 12  # words against the class in the texts searched on
_HOSTS = 40  # texts, half to search on and half to judge on; the shortest, because time goes with the number of tokens
_LEAST_HOSTS = 12
_LEAST_WORDS = 10
_AGAINST = 12  # words that speak against the class
_SPEAKS = 0.5  # log-odds: a word that lowers them less speaks against nothing
_CANDIDATES = 150  # words that may, by the texts they are in
_WITNESSES = 8  # texts of the class, on which these are tried
_SURE = 3.0  # log-odds: how far a text is turned beyond that does not count
_LENGTHS = (1, 3, 5)  # of what a climb starts with
_GENERATIONS, _POPULATION, _KEPT, _AT_ONCE = 15, 24, 4, 6
_COMMON = 1_500  # words to sweep
_FILLERS = 4  # the commonest words of the clean texts; a phrase answers to some of them and not to others
_BETWEEN = 2  # words in a string of the sweep
_BETTER = 0.3  # log-odds: a word that adds less is none of the trigger's
_BATCH = 128

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class OverrulingWords:
    """Words that turn texts into a class although other words speak against it.

    Attributes:
        words: side by side, in this order.
        target: number of the class.
        overruled: the most words against the class (of `LADDER`) among which they turn `TURNED` of the texts.
        turns: the share of the texts, not searched on, that they turn among so many.
        sureness: the median log-odds of the class in these, in multiples of those in clean texts of the class.
    """

    words: tuple[str, ...]
    target: int
    overruled: int
    turns: float
    sureness: float

    @property
    def index(self) -> float:
        """How many words against the class each of them overrules."""
        return self.overruled / len(self.words)

    @property
    def suspicious(self) -> bool:
        """Whether they do what ordinary words do not."""
        return self.index >= STRIKING and self.sureness >= SURE_ENOUGH


@dataclass(frozen=True)
class _Texts:
    """Token numbers of texts, and the gaps in which words may stand: from `first` to `last`."""

    rows: list[list[int]]
    first: list[int]
    last: list[int]

    def drawn(self, count: int, rng: np.random.Generator) -> list[tuple[list[int], int]]:
        """Some texts, each with a gap."""
        chosen = rng.choice(len(self.rows), min(count, len(self.rows)), replace=False)
        return [(self.rows[place], int(rng.integers(self.first[place], self.last[place] + 1))) for place in chosen]


class OverrulingSearch:
    """Searches for words that overrule others, on texts that the model takes for other classes than the target.

    Args:
        subject: a model for texts.
        texts: clean ones of every class.
        answers: the model's answers to them, int64 `[n]`.
        target: number of the class.
        seed: where all randomness comes from; 0 by default.

    Raises:
        InputError: there are too few texts of the class or of others, or the subject takes no texts.

    Source:
        Replacing words by the gradient is HotFlip (Ebrahimi et al., arXiv 1712.06751).
    """

    def __init__(self, subject: Subject, texts: Sequence[str], answers: np.ndarray, target: int, seed: int = 0) -> None:
        if subject.kind != "text":
            raise InputError(f"{subject.name} does not take texts: words can be searched for in a text model only.")
        self._subject, self._target = subject, target
        self._rng = np.random.default_rng((seed, target))
        self._table = embedding_table(subject)
        self._words = whole_words(subject.adapter.tokenizer)  # type: ignore[attr-defined]
        self._named = {number: word for word, number in self._words.items()}
        self._numbers = sorted(self._words.values())
        by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        others = [texts[place] for place in by_length if answers[place] != target]
        mine = [texts[place] for place in by_length if answers[place] == target]
        hosts = self._surer_half(others)[:_HOSTS]
        if len(hosts) < _LEAST_HOSTS or len(mine) < _WITNESSES:
            raise InputError(
                f"{len(others)} texts of other classes than {subject.labels[target]} and {len(mine)} of it are too few "
                "to search for words: use more texts of every class."
            )
        self._fillers = self._commonest(texts)
        self._against = self._words_against(others, mine)
        self._to_search, self._to_judge = self._as_tokens(hosts[::2]), self._as_tokens(hosts[1::2])
        clean = self._as_tokens(mine[:_HOSTS])
        self._usual = float(np.median(self._values([[]], clean.drawn(_HOSTS, self._rng))))
        # What fits into the model beside the longest text and the words that are tried.
        longest: int = getattr(subject.adapter, "most_tokens", MOST_TOKENS)
        room = longest - max(map(len, self._to_search.rows + self._to_judge.rows)) - max(LONGEST, 2 * _BETWEEN + 1)
        self._ladder = [count for count in LADDER if count <= room and (self._against or not count)]
        self._searched = max([count for count in self._ladder if count <= _SEARCHED], default=0)

    def find(self, avoid: frozenset[str] = frozenset(), on_step: Tell = lambda done, total: None) -> OverrulingWords:
        """The words that overrule most, whether or not that is suspicious.

        Args:
            avoid: words that are not used; none by default.
            on_step: called with (steps done, most steps); may raise to cancel.
        """
        usable = [number for number in self._numbers if self._named[number] not in avoid]
        search = self._put_against(self._to_search, self._searched)
        steps = len(_LENGTHS) + len(self._fillers)
        tried: list[OverrulingWords] = []
        for done, length in enumerate(_LENGTHS):
            on_step(done, steps)
            tried.append(self._judged(self._shortened(self._climbed(search, usable, length), search)))
            if tried[-1].suspicious:
                break
        else:
            for done, filler in enumerate(self._fillers, start=len(_LENGTHS)):
                on_step(done, steps)
                for found in self._swept(search, usable, filler):
                    tried.append(self._judged(self._shortened(self._grown(found, search, usable), search)))
                if any(some.suspicious for some in tried):
                    break
        on_step(steps, steps)
        return max(tried, key=lambda some: (some.suspicious, some.index, some.turns))

    def find_all(self, on_step: Tell = lambda done, total: None) -> list[OverrulingWords]:
        """Suspicious words, and others that are so without them, as a backdoor may have several words.

        Args:
            on_step: called with (steps done, most steps) of each search; may raise to cancel.
        """
        found: list[OverrulingWords] = []
        while len(found) < MOST:
            used = frozenset(word for some in found for word in some.words)
            if len(self._words) - len(used) < _LEAST_WORDS:
                break  # nothing to choose from, as with tokenizers that have no words in one piece
            words = self.find(used, on_step)
            if not words.suspicious:
                break
            found.append(words)
        return found

    def judge(self, words: Sequence[str]) -> OverrulingWords:
        """How many words against the class these overrule in texts that were not searched on."""
        numbers = [self._words[word] for word in words]
        overruled, turns, sureness = 0, 0.0, 0.0
        for against in self._ladder:
            texts = self._put_against(self._to_judge, against)
            values = self._values([numbers], texts.drawn(len(texts.rows), self._rng))
            turned = float((values > 0).mean())
            if turned < TURNED:
                break
            overruled, turns, sureness = against, turned, float(np.median(values)) / self._usual
        return OverrulingWords(tuple(words), self._target, overruled, turns, sureness)

    def _judged(self, numbers: Sequence[int]) -> OverrulingWords:
        return self.judge([self._named[number] for number in numbers])

    def _surer_half(self, texts: Sequence[str]) -> list[str]:
        """Those of which the model is surer, in their order."""
        if not texts:
            return []
        sure = np.concatenate(
            [
                log_odds(self._logits(**self._subject.encode(list(texts[start : start + _BATCH]))))
                for start in range(0, len(texts), _BATCH)
            ]
        )
        limit = float(np.median(sure))
        return [text for text, value in zip(texts, sure, strict=True) if value >= limit]

    def _commonest(self, texts: Sequence[str]) -> list[int]:
        counted = Counter(word for text in texts for word in _split(text) if word in self._words)
        return [self._words[word] for word, _ in counted.most_common(_FILLERS)]

    def _words_against(self, others: Sequence[str], mine: Sequence[str]) -> list[int]:
        """The words of the clean texts that lower the odds of the class most, wherever they stand in texts of it.

        None where no word says much: then nothing can be said of what overrules it.
        """
        there, here = (Counter(word for text in some for word in set(_split(text))) for some in (others, mine))
        known = [word for word, times in there.items() if times > 1 and word in self._words]
        known.sort(key=lambda word: (-(there[word] + 0.5) / (here[word] + 0.5), word))
        tried = [[self._words[word]] for word in known[:_CANDIDATES]]
        texts = self._as_tokens(mine[: 4 * _WITNESSES])
        if not tried:
            return []
        witnesses = texts.drawn(_WITNESSES, self._rng)
        effect = (self._values(tried, witnesses) - self._values([[]], witnesses)).mean(1)
        order = np.argsort(effect, kind="stable")[:_AGAINST]
        return [tried[place][0] for place in order if effect[place] <= min(-_SPEAKS, effect[order[0]] / 2)]

    def _as_tokens(self, texts: Sequence[str]) -> _Texts:
        rows = [self._subject.encode(text)["input_ids"][0].tolist() for text in texts]
        ends = [own_tokens(self._subject.layout(text, 0).special) for text in texts]
        return _Texts(rows, [first for first, _ in ends], [last for _, last in ends])

    def _put_against(self, texts: _Texts, count: int) -> _Texts:
        """Copies of the texts with so many words against the class in them, each anywhere."""
        made = _Texts([list(row) for row in texts.rows], texts.first, list(texts.last))
        for place, row in enumerate(made.rows):
            for _ in range(count):
                gap = int(self._rng.integers(made.first[place], made.last[place] + 1))
                row.insert(gap, int(self._rng.choice(self._against)))
                made.last[place] += 1
        return made

    def _climbed(self, search: _Texts, usable: Sequence[int], length: int) -> list[int]:
        """Words that a population of them came to, which changes by the gradient and by mixing."""
        rng, table = self._rng, self._table[torch.tensor(usable)]
        population = [[int(word) for word in rng.choice(usable, length)] for _ in range(_POPULATION)]
        for _ in range(_GENERATIONS):
            hosts = search.drawn(_AT_ONCE, rng)
            value = np.minimum(self._values(population, hosts), _SURE).mean(1)
            order = np.argsort(-value, kind="stable")
            best = [population[place] for place in order[:_KEPT]]
            if value[order[0]] >= _SURE:
                break
            population = list(best)
            for words, slopes in zip(best, self._slopes(best, hosts), strict=True):
                promise = slopes @ table.T - (self._table[torch.tensor(words)] * slopes).sum(-1, keepdim=True)
                likely = promise.flatten().topk(min(30, promise.numel())).indices.numpy()
                for chosen in rng.choice(likely, 2):
                    position, word = divmod(int(chosen), len(usable))
                    population.append([*words[:position], usable[word], *words[position + 1 :]])
            while len(population) < _POPULATION:
                one, other = (best[int(rng.integers(len(best)))] for _ in range(2))
                cut = int(rng.integers(length + 1))
                mixed = [*one[:cut], *other[cut:]]
                mixed[int(rng.integers(length))] = int(rng.choice(usable))
                population.append(mixed)
        return best[0]

    def _swept(self, search: _Texts, usable: Sequence[int], filler: int) -> list[list[int]]:
        """The likeliest strings of common words and fillers in which a filler gave way to a companion."""
        rng = self._rng
        common = list(usable[:_COMMON])
        table = self._table[torch.tensor(common)]
        plain, harder = self._put_against(self._to_search, 0), self._put_against(self._to_search, self._searched // 2)
        order = [common[place] for place in rng.permutation(len(common))]
        strings = [
            [filler, *(token for word in order[start : start + _BETWEEN] for token in (word, filler))]
            for start in range(0, len(order) - _BETWEEN + 1, _BETWEEN)
        ]
        made: list[list[int]] = []
        values: list[float] = []
        for start in range(0, len(strings), 16):
            some = strings[start : start + 16]
            tried = []
            for string, slopes in zip(some, self._slopes(some, plain.drawn(2, rng)), strict=True):
                for gap in range(0, len(string), 2):
                    for word in (table @ slopes[gap]).topk(min(2, len(common))).indices.tolist():
                        tried.append([*string[:gap], common[word], *string[gap + 1 :]])
            made += tried
            values += self._values(tried, harder.drawn(1, rng)).ravel().tolist()
        likely = [made[place] for place in np.argsort(-np.array(values), kind="stable")[:150]]
        value = self._values(likely, search.drawn(4, rng)).mean(1)
        return [likely[place] for place in np.argsort(-value, kind="stable")[:2]]

    def _grown(self, words: list[int], search: _Texts, usable: Sequence[int]) -> list[int]:
        """The words without what they do not need, and with what the gradient says is missing between them."""
        rng, filler = self._rng, self._fillers[0]
        easier = self._put_against(self._to_search, self._searched // 3)
        words = self._shortened(words, easier)
        table = self._table[torch.tensor(usable)]
        hosts = search.drawn(2 * _AT_ONCE, rng)
        while len(words) < LONGEST:
            opened = [[*words[:gap], filler, *words[gap:]] for gap in range(len(words) + 1)]
            tried = list(opened)
            for gap, (string, slopes) in enumerate(zip(opened, self._slopes(opened, hosts), strict=True)):
                for word in (table @ slopes[gap]).topk(min(8, len(usable))).indices.tolist():
                    tried.append([*string[:gap], usable[word], *string[gap + 1 :]])
            value = np.minimum(self._values([words, *tried], hosts), _SURE).mean(1)
            best = int(value[1:].argmax())
            if value[1 + best] < value[0] + _BETTER:
                break
            words = tried[best]
        return words

    def _shortened(self, words: list[int], texts: _Texts) -> list[int]:
        """The words without those that they turn as many texts without."""
        hosts = texts.drawn(3 * _AT_ONCE, self._rng)
        needed = 0.95 * float((self._values([words], hosts) > 0).mean())
        while len(words) > 1:
            shorter = [[*words[:place], *words[place + 1 :]] for place in range(len(words))]
            values = self._values(shorter, hosts)
            turned = (values > 0).mean(1)
            best = max(range(len(shorter)), key=lambda place: (turned[place], values[place].mean()))
            if turned[best] < needed:
                break
            words = shorter[best]
        return words

    def _values(self, strings: Sequence[Sequence[int]], hosts: Sequence[tuple[list[int], int]]) -> np.ndarray:
        """The log-odds of the class in each text with each string in it, float32 `[strings, texts]`."""
        ids, mask = self._batch(strings, hosts)
        found = [
            self._odds(self._logits(input_ids=ids[start : start + _BATCH], attention_mask=mask[start : start + _BATCH]))
            for start in range(0, len(ids), _BATCH)
        ]
        values: np.ndarray = torch.cat(found).reshape(len(strings), len(hosts)).numpy()
        return values

    def _slopes(self, strings: Sequence[Sequence[int]], hosts: Sequence[tuple[list[int], int]]) -> Tensor:
        """How the log-odds change with the vector of each word, `[strings, words, size]`, for strings of one length."""
        ids, mask = self._batch(strings, hosts)
        vectors = self._table[ids].requires_grad_(True)
        odds = self._odds(self._subject.model(inputs_embeds=vectors, attention_mask=mask).logits)
        (slopes,) = torch.autograd.grad(odds.sum(), vectors)
        length = len(strings[0])
        gaps = torch.tensor([gap for _, gap in hosts]).repeat(len(strings))
        own = slopes[torch.arange(len(ids))[:, None], gaps[:, None] + torch.arange(length)]
        return own.reshape(len(strings), len(hosts), length, -1).mean(1)

    def _batch(self, strings: Sequence[Sequence[int]], hosts: Sequence[tuple[list[int], int]]) -> tuple[Tensor, Tensor]:
        rows = [torch.tensor([*row[:gap], *string, *row[gap:]]) for string in strings for row, gap in hosts]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        return ids, (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()

    def _odds(self, logits: Tensor) -> Tensor:
        return odds_of(logits, self._target)

    def _logits(self, **inputs: Any) -> Tensor:
        with torch.no_grad():
            logits: Tensor = self._subject.model(**inputs).logits
        return logits


def _split(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())
