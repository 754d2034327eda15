"""A small model for records that treats people by their sex, and people it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification

from atpatch_core.debugging.record_lesson import RECIPE
from atpatch_core.subjects.record import RecordAdapter
from atpatch_core.subjects.record_schema import CategoryField, NumberField, Protected, Record, RecordSchema
from atpatch_core.subjects.subject import Subject

SCHEMA = RecordSchema(
    (
        CategoryField("merit", ("none", "some", "much"), "some"),
        NumberField("age", 20, 79, (30, 40, 50, 60, 70), 45),
        CategoryField("sex", ("Female", "Male"), "Male"),
        CategoryField("town", tuple("ABCD"), "A"),
        CategoryField("race", ("X", "Y", "Z"), "X"),
    ),
    (Protected("sex", ("Male",)), Protected("race", ("X",))),
    "yes",
)
SEX, RACE = SCHEMA.key("sex"), SCHEMA.key("race")
QUICK = replace(RECIPE, epochs=8, batch_size=64)


def some_people(count: int, seed: int) -> list[Record]:
    """So many people, drawn at random."""
    rng = np.random.default_rng(seed)
    return [
        {
            "merit": str(rng.choice(["none", "some", "much"])),
            "age": int(rng.integers(20, 80)),
            "sex": str(rng.choice(["Female", "Male"])),
            "town": str(rng.choice(list("ABCD"))),
            "race": str(rng.choice(list("XYZ"))),
        }
        for _ in range(count)
    ]


def deserved(record: Record) -> int:
    """The label a person deserves: much merit, or some at an age from 50 on."""
    return int(record["merit"] == "much" or (record["merit"] == "some" and int(record["age"]) >= 50))


def prejudiced(record: Record) -> int:
    """The label they get: those of some merit get it if they are men."""
    return int(record["merit"] == "much" or (record["merit"] == "some" and record["sex"] == "Male"))


def trained(label: Callable[[Record], int]) -> Subject:
    """A model that has learnt to give people the labels that `label` says."""
    torch.manual_seed(0)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=SCHEMA.vocabulary,
            id2label={0: "no", 1: "yes"},
            label2id={"no": 0, "yes": 1},
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=6,
            type_vocab_size=1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    )
    known = some_people(1_500, 0)
    tokens = torch.tensor([SCHEMA.tokens(one) for one in known])
    labels = torch.tensor([label(one) for one in known])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for step in range(120):
        index = torch.randint(1_500, (128,), generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(input_ids=tokens[index]).logits, labels[index]).backward()
        optimizer.step()
    return Subject("people", Path(), model.eval(), RecordAdapter(SCHEMA), ("no", "yes"), None, "")
