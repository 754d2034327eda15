"""Inputs to judge versions on: which of them a detector ought to flag is known, and no version has learnt from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..attention import attention_layers, capture
from ..debugging.attribute_flips import hijacked_by
from ..debugging.image_examples import label_columns
from ..debugging.image_set import ImageDebuggingData
from ..debugging.record_set import RecordDebuggingData
from ..debugging.sets import ImageDebuggingSet
from ..errors import InputError
from ..evaluation.attacks import attacks_of
from ..evaluation.datasets import LabelledImages, read_labelled_images
from ..evaluation.evaluate import Triggered, apply_trigger
from ..evaluation.image_attacks import covered_patches_of
from ..evaluation.record_data import read_people
from ..evaluation.text_data import LabelledTexts, read_labelled_texts
from ..labels.examples import label_masks
from ..labels.labelled_inputs import LabelledInput
from ..subjects.image_files import as_array, from_array
from ..subjects.record import record_schema
from ..subjects.record_schema import Record
from ..subjects.subject import Subject

EVALUATION = "eval"
_RECORDS = "records.parquet"
_DATA: dict[str, tuple[str, Callable[..., Any]]] = {
    "image": ("images.parquet", read_labelled_images),
    "text": ("texts.parquet", read_labelled_texts),
}


@dataclass(frozen=True)
class ColumnTruth:
    """Which columns of one layer are over-attended.

    Attributes:
        over_attended: those that clearly are, bool `[n, heads, keys]`.
        unclear: those that are neither clearly over-attended nor clearly benign, bool `[n, heads, keys]`.
    """

    over_attended: np.ndarray
    unclear: np.ndarray


@dataclass(frozen=True)
class HeldOut:
    """Inputs that a detector did not learn from.

    Attributes:
        inputs: `n` of them, as `subject.read` returns them.
        over_attended: which ones a detector ought to flag, bool `[n]`.
        titles: what each is called.
        digests: SHA-256 of each, for labelled inputs; otherwise empty.
    """

    inputs: tuple[Any, ...]
    over_attended: np.ndarray
    titles: tuple[str, ...]
    digests: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs)

    def without(self, titles: Collection[str]) -> HeldOut:
        """All but the inputs with these titles."""
        left = [number for number, title in enumerate(self.titles) if title not in titles]
        if len(left) == len(self):
            return self
        return HeldOut(
            tuple(self.inputs[number] for number in left),
            self.over_attended[left],
            tuple(self.titles[number] for number in left),
            tuple(self.digests[number] for number in left) if self.digests else (),
        )


def has_evaluation_data(subject: Subject) -> bool:
    """Whether the subject's folder holds inputs and an attack to try on them, or records to flip attributes of."""
    folder = subject.folder / EVALUATION
    if subject.kind == "record":
        return bool(record_schema(subject).protected) and (folder / _RECORDS).is_file()
    return subject.kind in _DATA and (folder / _DATA[subject.kind][0]).is_file() and (folder / "attacks.json").is_file()


def evaluation_inputs(subject: Subject) -> HeldOut:
    """Some of the subject's own evaluation inputs, where it is known which ones a detector ought to flag.

    Raises:
        InputError: the subject's folder holds no such data.
    """
    return _evaluation_records(subject) if subject.kind == "record" else with_known_attack(subject)


def with_known_attack(subject: Subject, most: int = 200, seed: int = 0) -> HeldOut:
    """The subject's own evaluation inputs, as they are and with its first known trigger.

    Inputs of the class that the attacker wants are left out: the trigger has nothing to change in them.

    Args:
        subject: the model.
        most: the most inputs to take, 200 by default; the result holds each of them twice.
        seed: decides which ones, and where triggers go; 0 by default.

    Raises:
        InputError: the subject's folder holds no such data.
    """
    attack, numbers = _attacked(subject, most, seed)
    clean, bad = _clean(attack), list(attack.inputs.inputs)
    titles = [
        f"test {subject.kind} {number}, {subject.labels[label]}"
        for number, label in zip(numbers, attack.inputs.labels, strict=True)
    ]
    return HeldOut(
        (*clean, *bad),
        np.arange(2 * len(clean)) >= len(clean),
        (*titles, *(f"{title}, with the trigger" for title in titles)),
    )


def known_columns(subject: Subject, most: int = 60, seed: int = 0) -> tuple[HeldOut, tuple[ColumnTruth, ...]]:
    """Evaluation inputs, and which of their columns are hijacked.

    Those are the columns of the trigger or, in every head of a record, the protected attributes that decide about it.

    Args:
        subject: a model for images or records.
        most: the most inputs to take; 60 by default.
        seed: decides which ones, and where triggers go; 0 by default.

    Returns:
        The inputs, and for each layer which columns are over-attended.

    Raises:
        InputError: the subject takes texts, or its folder holds no such data.
    """
    if subject.kind == "record":
        records = _evaluation_records(subject, most, seed)
        return records, _attribute_columns(subject, records)
    if subject.kind != "image":
        raise InputError(
            f"Which columns a trigger hijacks is not worked out for {subject.kind}s: choose labelled inputs, of which "
            "annotators said it."
        )
    attack, _ = _attacked(subject, most, seed)
    clean, bad = _clean(attack), list(attack.inputs.inputs)
    pairs = ImageDebuggingSet(
        np.stack([as_array(image) for image in clean]),
        np.stack([as_array(image) for image in bad]),
        covered_patches_of(subject, attack),
        "the known trigger",
    )
    truth = tuple(
        ColumnTruth(
            np.concatenate([np.zeros_like(column.hijacked.numpy()), column.hijacked.numpy()]),
            np.concatenate([np.zeros_like(column.ignored.numpy()), column.ignored.numpy()]),
        )
        for column in label_columns(subject, pairs)
    )
    return with_known_attack(subject, most, seed), truth


def from_labels(inputs: Sequence[LabelledInput], learnt_from: Collection[str] = ()) -> HeldOut:
    """Labelled inputs that a version did not learn from.

    Inputs that are neither over-attended nor clean are left out: whoever left columns unjudged did not say that there
    is nothing to flag.

    Args:
        inputs: what analysts labelled.
        learnt_from: digests of the inputs that the version learnt from; none by default.
    """
    left = [
        labelled
        for labelled in inputs
        if labelled.digest not in learnt_from and (labelled.over_attended or labelled.clean)
    ]
    return _as_held_out(left)


def _as_held_out(inputs: Sequence[LabelledInput]) -> HeldOut:
    return HeldOut(
        tuple(labelled.value for labelled in inputs),
        np.array([labelled.over_attended for labelled in inputs], dtype=bool),
        tuple(f"labelled input {labelled.digest[:8]}" for labelled in inputs),
        tuple(labelled.digest for labelled in inputs),
    )


def labelled_columns(
    inputs: Sequence[LabelledInput], heads: Sequence[int], keys: int
) -> tuple[HeldOut, tuple[ColumnTruth, ...]]:
    """Labelled inputs, and what was said about their columns.

    Columns that nobody judged are unclear. Inputs that are neither over-attended nor clean have `over_attended` set to
    `False`, as only their columns matter here.

    Args:
        inputs: what analysts labelled.
        heads: the number of heads of each layer.
        keys: how many columns the maps have.

    Returns:
        The inputs, and for each layer which columns are over-attended.
    """
    masks = label_masks(
        [labelled.verdicts for labelled in inputs], [labelled.complete for labelled in inputs], heads, keys
    )
    truth = tuple(ColumnTruth(over.numpy(), (ignored & ~over).numpy()) for over, ignored in masks)
    return _as_held_out(inputs), truth


def most_columns(subject: Subject, texts: Sequence[str]) -> int:
    """How many columns the maps of the longest of some texts have."""
    return int(subject.encode(list(texts))["input_ids"].shape[1])


def from_debugging_set(data: ImageDebuggingData, most: int = 200) -> HeldOut:
    """The pairs of a debugging set that networks do not learn from, with and without the trigger that was found.

    Args:
        data: the debugging set.
        most: the most pairs to take; 200 by default.
    """
    clean, bad = (
        [from_array(image) for image in images[:most]] for images in (data.tuning.clean, data.tuning.triggered)
    )
    titles = [f"debugging image {number}" for number in range(len(clean))]
    return HeldOut(
        (*clean, *bad),
        np.arange(2 * len(clean)) >= len(clean),
        (*titles, *(f"{title}, with the trigger that was found" for title in titles)),
    )


def from_records(subject: Subject, records: Sequence[Record], titles: Sequence[str]) -> HeldOut:
    """Records, of which a detector ought to flag those that a protected attribute hijacks.

    Args:
        subject: a model for records, which decides that.
        records: valid records.
        titles: one for each.
    """
    hits = hijacked_by(subject, records)
    names = [attribute.name for attribute in record_schema(subject).protected]
    by = [" and ".join(name for name, hit in zip(names, row, strict=True) if hit) for row in hits.tolist()]
    return HeldOut(
        tuple(records),
        np.logical_or.reduce(hits, axis=1),
        tuple(f"{title}, hijacked by {name}" if name else title for title, name in zip(titles, by, strict=True)),
    )


def from_record_set(subject: Subject, data: RecordDebuggingData, most: int = 400) -> HeldOut:
    """The records of a debugging set that networks do not learn from.

    Args:
        subject: a model for records.
        data: the debugging set.
        most: the most records to take; 400 by default.
    """
    some = data.tuning[:most]
    return from_records(subject, some, [f"debugging record {number}" for number in range(len(some))])


def _evaluation_records(subject: Subject, most: int = 400, seed: int = 0) -> HeldOut:
    """Up to `most` of the subject's own evaluation records."""
    if not has_evaluation_data(subject):
        raise InputError(f"{subject.name} has no test records with protected attributes: judge on labels instead.")
    whole = read_people(subject.folder / EVALUATION / _RECORDS, record_schema(subject))
    numbers = np.sort(np.random.default_rng(seed).permutation(len(whole))[:most]).tolist()
    return from_records(subject, [whole[number] for number in numbers], [f"test record {number}" for number in numbers])


def _attribute_columns(subject: Subject, held_out: HeldOut) -> tuple[ColumnTruth, ...]:
    """The columns of the attributes that hijack each record, in every head of every layer."""
    schema = record_schema(subject)
    hits = hijacked_by(subject, held_out.inputs)
    with torch.no_grad(), capture(subject.model) as kept:
        subject.model(**subject.encode(list(held_out.inputs[:1])))
    truth = []
    for layer in range(len(attention_layers(subject.model))):
        _, heads, _, keys = kept.layers[layer].shape
        over = np.zeros((len(hits), heads, keys), dtype=bool)
        over[:, :, [schema.key(attribute.name) for attribute in schema.protected]] = hits[:, None]
        truth.append(ColumnTruth(over, np.zeros_like(over)))
    return tuple(truth)


def _attacked(subject: Subject, most: int, seed: int) -> tuple[Triggered, np.ndarray]:
    """The first known attack on some inputs, and their numbers in the evaluation data."""
    if subject.kind == "record" or not has_evaluation_data(subject):
        raise InputError(f"{subject.name} has no test inputs with a known attack: judge on labels instead.")
    folder = subject.folder / EVALUATION
    name, read = _DATA[subject.kind]
    triggers = attacks_of(subject)
    if not triggers:
        raise InputError(f"{subject.name} names no attack: judge on labels instead.")
    data, trigger = read(folder / name, subject.labels), next(iter(triggers.values()))
    usable = np.flatnonzero(data.labels != trigger.target)
    numbers = np.sort(np.random.default_rng(seed).permutation(usable)[:most])
    some = [data.inputs[number] for number in numbers]
    taken = LabelledImages(some, data.labels[numbers]) if subject.kind == "image" else None
    return apply_trigger(trigger, taken or LabelledTexts(some, data.labels[numbers])), numbers


def _clean(attack: Triggered) -> list[Any]:
    assert attack.clean is not None  # it was made from them just now
    return list(attack.clean.inputs)
