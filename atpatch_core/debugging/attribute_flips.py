"""A debugging set for records: people whom the model treats by a protected attribute, beside people like them whom it
does not.

A protected attribute *hijacks* a record when its other values, with all else the same, move the probability of the
positive class by at least `SHIFT`, and across the decision line or to within `MARGIN` of it. Thanks to the margin, the
flags of a person and of the flipped person differ, if they ever do, only where this does not decide the prediction. As
one attribute may drown another, a record also counts when that happens with all other protected attributes shut out.

A hijacked record and its flips are the over-attending side, with the attribute's column as the one to flag. To each the
set adds its nearest clean counterpart: the record that differs in the fewest fields (Hamming distance) among those that
no protected attribute hijacks. Nothing is needed but the model and unlabelled records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..attention import attention_layers, hotfix
from ..detector.fixed import FixedColumns
from ..errors import InputError
from ..subjects.record import record_schema
from ..subjects.record_schema import Record, RecordSchema
from ..subjects.subject import Subject

# Higher values miss people whom an attribute decides about, lower ones take in those whom it hardly touches. No
# measurement of them is kept.
SHIFT = 0.05  # of the probability of the positive class
MARGIN = 0.1  # of that probability, on each side of the decision line
_LINE = 0.5
_BATCH = 1_000  # records in one forward pass
_CHUNK = 256  # records that are compared with all others at a time


@dataclass(frozen=True)
class FlippedPairs:
    """Over-attending records and, in the same order, their nearest clean counterparts.

    Attributes:
        over_attending: records that a protected attribute hijacks.
        clean: the counterpart of each.
        hijacking: which attributes hijack each over-attending record, bool `[n, protected attributes]`.
        distance: in how many fields its counterpart differs, int64 `[n]`.
        origin: where the pairs are from.
    """

    over_attending: list[Record]
    clean: list[Record]
    hijacking: np.ndarray
    distance: np.ndarray
    origin: str

    def __len__(self) -> int:
        return len(self.over_attending)


@dataclass(frozen=True)
class ExhaustiveFlips:
    """Records, and each of them with every other value of every protected attribute, one attribute at a time.

    Attributes:
        versions: all records as they are, then all of them with their first flip, and so on.
        rounds: for each of these, the number of the attribute that was flipped; -1 for none.
    """

    versions: list[Record]
    rounds: tuple[int, ...]

    @classmethod
    def of(cls, schema: RecordSchema, records: Sequence[Record]) -> ExhaustiveFlips:
        """All flips of `records`."""
        versions, rounds = list(records), [-1]
        for number, attribute in enumerate(schema.protected):
            flips = [schema.flips(record, attribute.name) for record in records]
            for flip in range(schema.category(attribute.name).tokens - 1):
                versions += [of_record[flip] for of_record in flips]
                rounds.append(number)
        return cls(versions, tuple(rounds))

    def originals(self, answers: np.ndarray) -> np.ndarray:
        """The answers to the records as they are, `[n]`, among the answers to all versions."""
        own: np.ndarray = answers.reshape(len(self.rounds), -1)[0]
        return own

    def changes(self, answers: np.ndarray) -> np.ndarray:
        """Which attributes change each answer, bool `[n, protected attributes]`; `answers` has one for each version."""
        table = answers.reshape(len(self.rounds), -1)
        rounds = np.array(self.rounds)
        attributes = range(max(rounds) + 1)
        hits: np.ndarray = np.stack(
            [(table[rounds == attribute] != table[0]).any(axis=0) for attribute in attributes], axis=1
        )
        return hits

    def moves(self, probabilities: np.ndarray) -> np.ndarray:
        """Which attributes move each record by `SHIFT` and to within `MARGIN` of the decision line or across it.

        Args:
            probabilities: of the positive class, one for each version.

        Returns:
            bool `[n, protected attributes]`.
        """
        table = probabilities.reshape(len(self.rounds), -1)
        hits = []
        for attribute in range(max(self.rounds) + 1):
            own = table[[number in (-1, attribute) for number in self.rounds]]
            low, high = own.min(axis=0), own.max(axis=0)
            hits.append((high - low >= SHIFT) & (low <= _LINE + MARGIN) & (high >= _LINE - MARGIN))
        return np.stack(hits, axis=1)


def predictions(subject: Subject, inputs: dict[str, Tensor]) -> np.ndarray:
    """The number of the most probable class of each of the encoded records, `int64 [n]`."""
    answers: np.ndarray = _probabilities(subject, inputs).argmax(-1).numpy()
    return answers


def hijacked_by(subject: Subject, records: Sequence[Record]) -> np.ndarray:
    """Which protected attributes hijack each record.

    Args:
        subject: a model for records.
        records: what it takes.

    Returns:
        bool `[n, protected attributes]`.

    Raises:
        InputError: the subject takes no records or names no protected attribute.
    """
    schema = record_schema(subject)
    if not schema.protected:
        raise InputError(
            f"The records.json of {subject.name} names no protected attribute: name those by which nobody should be "
            "treated differently."
        )
    positive = subject.labels.index(schema.positive_label)
    flips = ExhaustiveFlips.of(schema, records)
    inputs = subject.encode(flips.versions)
    keys = [schema.key(attribute.name) for attribute in schema.protected]
    hits = flips.moves(_probabilities(subject, inputs)[:, positive].numpy())
    layers = len(attention_layers(subject.model)) if len(keys) > 1 else 0
    for number, own in enumerate(keys):
        others = tuple(key for key in keys if key != own)
        if others:
            with hotfix(subject.model, FixedColumns(layers, tuple(range(layers)), others)):
                hits[:, number] |= flips.moves(_probabilities(subject, inputs)[:, positive].numpy())[:, number]
    return hits


def hijacked(subject: Subject, records: Sequence[Record]) -> np.ndarray:
    """Which records any protected attribute hijacks, bool `[n]`; raises what `hijacked_by` does."""
    found: np.ndarray = np.logical_or.reduce(hijacked_by(subject, records), axis=1)
    return found


def _probabilities(subject: Subject, inputs: dict[str, Tensor]) -> Tensor:
    """Of each class, `[n, labels]`. Records that are the same to the model (flips of flips, say) are run once."""
    unique, places = torch.unique(inputs["input_ids"], dim=0, return_inverse=True)
    found = [torch.empty(0, len(subject.labels))]
    with torch.no_grad():
        for tokens in unique.split(_BATCH) if len(unique) else ():
            found.append(subject.model(input_ids=tokens).logits.float().softmax(-1))
    return torch.cat(found)[places]


def attribute_flips(subject: Subject, records: Sequence[Record], most: int = 2_000, seed: int = 0) -> FlippedPairs:
    """Find the over-attending records, add their flips, and find the nearest clean counterparts.

    A model that no protected attribute moves gives an empty set.

    Args:
        subject: a model for records.
        records: people, without labels.
        most: of more over-attending records, that many are drawn at random; 2,000 by default.
        seed: of that draw; 0 by default.

    Returns:
        The pairs; records that are the same occur once.

    Raises:
        InputError: the subject takes no records or names no protected attribute, or every record over-attends, so that
            there is no counterpart.
    """
    schema = record_schema(subject)
    names = [attribute.name for attribute in schema.protected]
    hits = hijacked_by(subject, records)
    clean = [record for record, hit in zip(records, hits, strict=True) if not hit.any()]
    bad: dict[tuple[object, ...], Record] = {}
    for record, hit in zip(records, hits, strict=True):
        flips = [flip for name, by_it in zip(names, hit, strict=True) if by_it for flip in schema.flips(record, name)]
        bad |= {tuple(version.values()): version for version in ([record, *flips] if hit.any() else [])}
    over_attending = list(bad.values())
    if len(over_attending) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(over_attending), most, replace=False))
        over_attending = [over_attending[index] for index in chosen.tolist()]
    if over_attending and not clean:
        raise InputError("Protected attributes decide about every record, so none is clean: add other records.")
    nearest, distance = _nearest(_tokens(schema, over_attending), _tokens(schema, clean))
    return FlippedPairs(
        over_attending,
        [clean[index] for index in nearest],
        hijacked_by(subject, over_attending),
        distance,
        f"records that {' or '.join(names)} hijacks, their flips, and the nearest other records",
    )


def _tokens(schema: RecordSchema, records: Sequence[Record]) -> np.ndarray:
    return np.array([schema.tokens(record) for record in records], dtype=np.int16).reshape(-1, 1 + len(schema.fields))


def _nearest(wanted: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row of tokens of `wanted`, the first of the rows of `among` that differ in the fewest places."""
    nearest, distance = np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.int64)
    for start in range(0, len(wanted), _CHUNK):
        rows = wanted[start : start + _CHUNK]
        differing = sum(
            (rows[:, None, place] != among[None, :, place]).astype(np.int64) for place in range(rows.shape[1])
        )
        nearest[start : start + _CHUNK] = np.argmin(differing, axis=1)
        distance[start : start + _CHUNK] = np.min(differing, axis=1)
    return nearest, distance
