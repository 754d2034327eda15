"""What else could be done about a biased model, to compare the hot-fix with on the same records.

Before the model: impute a protected attribute by a constant. Instead of the model: fine-tune a copy on records whose
protected attributes are drawn at random. In the model: the same hot-fix with another benign reference, with the
protected columns always flagged, without rescaling the others, with columns that stand out by their z-score or at
random instead, and with an oracle that flags exactly who is discriminated against (nobody has that in the field, as it
takes all flips of every person; it bounds what a detector can do).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from ..attention import attention_layers, hotfix
from ..debugging.attribute_flips import hijacked_by, predictions
from ..detector.fixed import FixedColumns
from ..detector.reference import KINDS
from ..detector.trained import TrainedDetector
from ..subjects.record import randomly_flipped, record_schema
from ..subjects.record_schema import Record, Value
from ..subjects.subject import Subject
from .defences.no_rescale import shrink_only
from .defences.z_score import column_z_scores
from .fairness import Answering, hotfixed, untouched
from .record_data import LabelledRecords

_EPOCHS = 15
_BATCH = 64
_LEARNING_RATE = 5e-4
_FLAGGED_BY_Z_SCORE = 0.005  # of the defender's records, which it takes for benign


def baselines(
    subject: Subject, detector: TrainedDetector, clean: LabelledRecords, seed: int = 0
) -> dict[str, Answering]:
    """Everything the hot-fix of `detector` is compared with, by name; `clean` are the records the defender has.

    All of it starts from the same subject, and `clean` holds the very records that the detector was made from.
    """
    schema = record_schema(subject)
    names = [one.name for one in schema.protected]
    keys = tuple(schema.key(name) for name in names)
    typical = schema.typical()
    rng = np.random.default_rng(seed)
    others = [key for key in range(1, 1 + len(schema.fields)) if key not in keys]
    random_keys = tuple(int(key) for key in rng.choice(others, len(keys), replace=False))

    def fixed(columns: tuple[int, ...]) -> FixedColumns:
        layers = len(attention_layers(subject.model))
        return FixedColumns(layers, tuple(range(layers)), columns, detector.reference, detector.benign_means)

    found: dict[str, Answering] = {"no fix": untouched(subject)}
    for name in names:
        found[f"{name} imputed by {typical[name]}"] = imputed(subject, {name: typical[name]})
    found["all protected imputed"] = imputed(subject, {name: typical[name] for name in names})
    found["fine-tuned on flips"] = untouched(fine_tuned_on_flips(subject, clean, seed))
    for kind in KINDS:
        if kind != detector.reference:
            found[f"flagged to {kind}"] = hotfixed(replace(subject, detector=replace(detector, reference=kind)))
    found["not rescaled"] = hotfixed(replace(subject, detector=detector), formula=shrink_only)
    by_z_score = column_z_scores(replace(subject, detector=detector), clean.records, _FLAGGED_BY_Z_SCORE)
    found["z-score"] = hotfixed(replace(subject, detector=by_z_score))
    found["always on"] = hotfixed(replace(subject, detector=fixed(keys)))
    found["random columns"] = hotfixed(replace(subject, detector=fixed(random_keys)))
    found["oracle"] = _oracle(subject, fixed)
    return found


def imputed(subject: Subject, values: dict[str, Value]) -> Answering:
    """The untouched model, which never learns the true value of some attributes."""
    answer = untouched(subject)
    return lambda records: answer([{**record, **values} for record in records])


def fine_tuned_on_flips(subject: Subject, clean: LabelledRecords, seed: int) -> Subject:
    """The subject with a copy of its model, trained on with random protected attributes and the true labels."""
    schema = record_schema(subject)
    tokens, labels = subject.encode(clean.records)["input_ids"], torch.from_numpy(clean.labels)
    model = copy.deepcopy(subject.model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        optimizer = torch.optim.AdamW(model.parameters(), lr=_LEARNING_RATE)
        model.train(True)
        for _ in range(_EPOCHS):
            for index in torch.split(torch.randperm(len(tokens)), _BATCH):
                logits = model(input_ids=randomly_flipped(schema, tokens[index])).logits
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(logits, labels[index]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    return replace(subject, model=model.train(False), detector=None)


def _oracle(subject: Subject, fixed: Callable[[tuple[int, ...]], FixedColumns]) -> Answering:
    schema = record_schema(subject)
    keys = np.array([schema.key(one.name) for one in schema.protected])

    def answer(records: list[Record]) -> np.ndarray:
        answers = untouched(subject)(records)
        hijacking = hijacked_by(subject, records)
        for pattern in np.unique(hijacking, axis=0):
            if not pattern.any():
                continue
            same = np.flatnonzero((hijacking == pattern).all(axis=1))
            inputs = subject.encode([records[index] for index in same.tolist()])
            with hotfix(subject.model, fixed(tuple(keys[pattern].tolist()))):
                answers[same] = predictions(subject, inputs)
        return answers

    return answer
