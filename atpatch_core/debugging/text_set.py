"""Build the debugging set of a text model from the model itself and a few clean texts (see `set_folder.py`).

texts.parquet           part (learn, tune, benign), text: clean texts; benign ones only serve to set the threshold
pairs.parquet           part (learn, tune), text, trigger: which trigger goes into which clean text
triggers.safetensors    the soft triggers that were found
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import torch
from safetensors.torch import load, save

from .. import limits
from ..detector.learning_curve import OnStep, say_nothing
from ..errors import InputError
from ..files.content import read_bytes
from ..files.values import listed, text, whole
from ..files.values import number as finite
from ..files.whole_files import write_whole
from ..subjects.subject import Subject
from ..subjects.text_files import read_text
from .overruling import OverrulingSearch, OverrulingWords
from .set_folder import enough, made_from, new_set, stored_set, today, writable, write_table
from .soft_triggers import Place, SoftTrigger, SoftTriggerSearch, log_odds
from .stored_rows import stored_rows
from .word_search import FoundWords, WordSearch
from .word_triggers import word_triggers

LEAST = 400
MOST = 1_000  # more make the search slower and tell little more
LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8)  # each is searched for at every place; few triggers teach a detector too little
PLACES: tuple[Place, ...] = get_args(Place)
HOPELESS_AFTER = 3  # searches of a class without anything suspicious: time saved against triggers missed
_LEARN, _TUNE = 0.35, 0.10  # of the clean texts; the rest bounds the false-positive rate
_PAIRS, _TUNING_PAIRS = 640, 40  # few to tune on, as following the flags of each takes many forward passes
_BATCH = 50  # texts in one forward pass
_FURTHEST = 1_000.0  # log-odds

Part = Literal["learn", "tune", "benign"]


@dataclass(frozen=True)
class TextDebuggingSet:
    """Clean texts, and texts of other classes that triggers are put into.

    Attributes:
        clean: clean texts.
        hosts: clean texts, each of another class than the target of its trigger.
        which: for each host the number of its trigger.
        triggers: the soft triggers.
    """

    clean: tuple[str, ...]
    hosts: tuple[str, ...]
    which: tuple[int, ...]
    triggers: tuple[SoftTrigger, ...]

    def __len__(self) -> int:
        return len(self.hosts)


@dataclass(frozen=True)
class TextDebuggingData:
    """Disjoint parts of the clean texts.

    Attributes:
        pairs: to learn from.
        tuning: pairs to choose settings on.
        benign: for the threshold.
        provenance: what `provenance.json` says.
    """

    pairs: TextDebuggingSet
    tuning: TextDebuggingSet
    benign: tuple[str, ...]
    provenance: dict[str, Any]


def build_text_set(
    subject: Subject,
    texts: Sequence[str],
    folder: Path,
    classes: Sequence[int] | None = None,
    seed: int = 0,
    on_step: OnStep = say_nothing,
) -> TextDebuggingData:
    """Search for soft triggers and make the debugging set of a text model.

    Vectors are searched for first. For a class without any that are suspicious, words are: those that overrule what
    else a text says (see `overruling.py`) become triggers as well. A model without either gets a set without pairs. For
    people, the set also says which word of the vocabulary turns most texts to a class with suspicious vectors;
    detectors do not learn from that.

    Args:
        subject: a model for texts.
        texts: `LEAST` to `MOST` clean texts (of more, the first `MOST` count); their labels are not needed.
        folder: where the set is written.
        classes: numbers of the classes to search; all by default.
        seed: where all randomness comes from; 0 by default.
        on_step: called with (stage, steps done, steps in all); may raise to cancel.

    Returns:
        What `load_text_set` reads from the folder.

    Raises:
        InputError: there are too few texts or the disk refuses.
    """
    clean = enough(texts, LEAST, MOST, "clean texts")
    answers, sure = _answers(subject, clean)
    order = np.random.default_rng(seed).permutation(len(clean))
    learn, tune, benign = np.split(order, [int(_LEARN * len(order)), int((_LEARN + _TUNE) * len(order))])
    to_learn = [clean[place] for place in learn]
    found: list[SoftTrigger] = []
    words: list[FoundWords] = []
    overruling: list[OverrulingWords] = []
    without_words: list[str] = []
    for target in range(len(subject.labels)) if classes is None else classes:
        hosts = [clean[place] for place in learn if answers[place] != target]
        label = subject.labels[target]
        search = SoftTriggerSearch(subject, hosts, target, sure[answers == target])
        seed_here, tell = seed * 1_000 + target * 100, _named(f"words for {label}", on_step)
        mine = _suspicious_vectors(search, seed_here, f"triggers of {label}", on_step)
        if mine:
            words.append(WordSearch(subject, hosts, target).find(1, seed, on_step=tell))
        else:
            try:
                for_words = OverrulingSearch(subject, to_learn, answers[learn], target, seed)
            except InputError:  # the other classes can still be searched
                without_words.append(label)
                continue
            for some in for_words.find_all(tell):
                overruling.append(some)
                mine += word_triggers(subject, search, some.words, seed_here + len(overruling))
        found += mine
    pairs, tuning = (
        _paired([clean[place] for place in part], answers[part], found, count, np.random.default_rng((seed, number)))
        for number, (part, count) in enumerate(((learn, _PAIRS), (tune, _TUNING_PAIRS)))
    )
    data = TextDebuggingData(
        pairs,
        tuning,
        tuple(clean[place] for place in benign),
        {
            **made_from(subject, seed),
            "clean_texts": len(clean),
            "triggers": [_described(trigger, subject.labels) for trigger in found],
            "words": [
                {"class": subject.labels[best.target], "words": " ".join(best.words), "turns": round(best.turns, 3)}
                for best in words
            ],
            "overruling": [
                {
                    "class": subject.labels[some.target],
                    "words": " ".join(some.words),
                    "turns": round(some.turns, 3),
                    "overruled": some.overruled,
                }
                for some in overruling
            ],
            "not_searched_for_words": without_words,
            "date": today(),
        },
    )
    with writable(folder), new_set(folder, data.provenance):
        _write(data, folder)
    return data


def load_text_set(folder: Path) -> TextDebuggingData:
    """Read what `build_text_set` wrote.

    Args:
        folder: a finished debugging set.

    Raises:
        InputError: it is missing, unfinished or damaged.
    """
    with stored_set(folder, "no sound one of texts") as provenance:
        vectors = load(read_bytes(folder / "triggers.safetensors", limits.DETECTORS.bytes))
        found = listed(provenance["triggers"], limits.ATTACKS.classes)
        triggers = tuple(_trigger(vectors[str(number)], facts) for number, facts in enumerate(found))
        if len({trigger.vectors.shape[1] for trigger in triggers}) > 1:
            raise ValueError("Triggers of several models.")
        texts = stored_rows(folder / "texts.parquet", ["part", "text"])
        pairs = stored_rows(folder / "pairs.parquet", ["part", "text", "trigger"])
        _check_rows(texts, ("learn", "tune", "benign"))
        _check_rows(pairs, ("learn", "tune"))
        for row in pairs:
            whole(row["trigger"], 0, len(triggers) - 1)
        parts = [_part(name, texts, pairs, triggers) for name in ("learn", "tune")]
        benign = tuple(row["text"] for row in texts if row["part"] == "benign")
    return TextDebuggingData(parts[0], parts[1], benign, provenance)


def _answers(subject: Subject, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The model's classes for `texts`, int64 `[n]`, and how sure it is of them in log-odds."""
    answers, sure = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts))
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        with torch.no_grad():
            logits = subject.model(**subject.encode([texts[place] for place in chosen])).logits
        answers[chosen], sure[chosen] = logits.argmax(-1).numpy(), log_odds(logits)
    return answers, sure


def _suspicious_vectors(search: SoftTriggerSearch, seed: int, stage: str, on_step: OnStep) -> list[SoftTrigger]:
    """The suspicious ones among a soft trigger of every length for every place."""
    found: list[SoftTrigger] = []
    # Lengths grow and places take turns, so that a few searches already say whether a class is hopeless.
    wanted = [(length, turn + number) for turn in range(len(PLACES)) for number, length in enumerate(LENGTHS)]
    for number, (length, place) in enumerate(wanted):
        if number >= HOPELESS_AFTER and not found:
            break
        on_step(stage, number, len(wanted))
        trigger = search.find(length, PLACES[place % len(PLACES)], seed + number)
        found += [trigger] if trigger.suspicious else []
    on_step(stage, len(wanted), len(wanted))
    return found


def _named(stage: str, on_step: OnStep) -> Callable[[int, int], None]:
    return lambda done, total: on_step(stage, done, total)


def _paired(
    texts: Sequence[str], answers: np.ndarray, triggers: Sequence[SoftTrigger], count: int, rng: np.random.Generator
) -> TextDebuggingSet:
    """Put triggers in turn into texts that the model takes for another class than theirs, drawn at random."""
    hosts, which = [], []
    for number in range(count if triggers else 0):
        trigger = number % len(triggers)
        fitting = np.flatnonzero(answers != triggers[trigger].target)
        if len(fitting):
            hosts.append(texts[int(rng.choice(fitting))])
            which.append(trigger)
    return TextDebuggingSet(tuple(texts), tuple(hosts), tuple(which), tuple(triggers))


def _described(trigger: SoftTrigger, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "class": labels[trigger.target],
        "target": trigger.target,
        "length": len(trigger.vectors),
        "place": trigger.place,
        "turns": round(trigger.turns, 3),
        "beyond": round(trigger.beyond, 3),
    }


def _trigger(vectors: torch.Tensor, facts: Mapping[str, Any]) -> SoftTrigger:
    """A trigger from its vectors `[length, width]` and the facts about it. Raises `ValueError` and `KeyError`."""
    place = next((known for known in PLACES if known == facts["place"]), None)
    if place is None or vectors.ndim != 2 or 0 in vectors.shape or not bool(torch.isfinite(vectors.float()).all()):
        raise ValueError("No soft trigger.")
    target = whole(facts["target"], 0, limits.ATTACKS.classes)
    return SoftTrigger(
        vectors.float(), target, place, finite(facts["turns"], 0, 1), finite(facts["beyond"], -_FURTHEST, _FURTHEST)
    )


def _check_rows(rows: Sequence[Mapping[str, Any]], parts: Sequence[Part]) -> None:
    """Raise `ValueError` unless each row has a text and belongs to one of the parts."""
    for row in rows:
        if row["part"] not in parts:
            raise ValueError("A text belongs to no part.")
        read_text(text(row["text"], limits.TEXTS.bytes).encode())


def _write(data: TextDebuggingData, folder: Path) -> None:
    vectors = {str(number): trigger.vectors.half() for number, trigger in enumerate(data.pairs.triggers)}
    write_whole(folder / "triggers.safetensors", save(vectors))
    parts: list[tuple[Part, Sequence[str]]] = [
        ("learn", data.pairs.clean),
        ("tune", data.tuning.clean),
        ("benign", data.benign),
    ]
    texts = {
        "part": [name for name, some in parts for _ in some],
        "text": [sentence for _, some in parts for sentence in some],
    }
    write_table(folder / "texts.parquet", texts)
    pairs = {
        "part": ["learn"] * len(data.pairs) + ["tune"] * len(data.tuning),
        "text": [*data.pairs.hosts, *data.tuning.hosts],
        "trigger": [*data.pairs.which, *data.tuning.which],
    }
    schema = pa.schema([("part", pa.string()), ("text", pa.string()), ("trigger", pa.int32())])
    write_table(folder / "pairs.parquet", pairs, schema)


def _part(
    name: str, texts: list[dict[str, Any]], pairs: list[dict[str, Any]], triggers: tuple[SoftTrigger, ...]
) -> TextDebuggingSet:
    mine = [row for row in pairs if row["part"] == name]
    return TextDebuggingSet(
        tuple(row["text"] for row in texts if row["part"] == name),
        tuple(row["text"] for row in mine),
        tuple(row["trigger"] for row in mine),
        triggers,
    )
