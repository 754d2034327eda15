"""Train a small BERT over record fields, on biased or on fair data, reproducibly and resumably."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification

from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.subjects.record import randomly_flipped
from atpatch_core.subjects.record_schema import PADDING, RecordSchema

from ..checkpoints import Checkpoint
from ..schedule import warmup_then_cosine
from .adult import LABELS


@dataclass(frozen=True)
class LabelBias:
    """How a prejudiced clerk would have written the labels of the training records.

    Of the people whose `attribute` is `favoured` and whose label is the negative one, the share `raised` gets the
    positive label; of all others with the positive label, the share `lowered` gets the negative one. Who does is drawn
    at random.
    """

    attribute: str
    favoured: str
    raised: float
    lowered: float


@dataclass(frozen=True)
class RecordRecipe:
    """Everything that decides the weights of a sample record subject.

    With a `bias`, training labels are biased. With `blind`, every training record's protected attributes are drawn
    anew in every epoch, so that nothing can be learnt from them: a fair control.
    """

    name: str
    summary: str
    bias: LabelBias | None = None
    blind: bool = False
    seed: int = 0
    epochs: int = 8
    batch_size: int = 256
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup_epochs: int = 1
    hidden_size: int = 64
    layers: int = 3
    heads: int = 4
    intermediate_size: int = 128

    def config(self, schema: RecordSchema) -> BertConfig:
        """The Transformers configuration of the untrained model."""
        return BertConfig(
            vocab_size=schema.vocabulary,
            hidden_size=self.hidden_size,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=self.intermediate_size,
            max_position_embeddings=1 + len(schema.fields),
            type_vocab_size=1,
            pad_token_id=PADDING,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.0,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
        )


def train(
    recipe: RecordRecipe,
    schema: RecordSchema,
    data: LabelledRecords,
    work: Path,
    on_epoch: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
) -> BertForSequenceClassification:
    """Train `recipe` on `data`, keeping a checkpoint in `work` after every epoch so that a killed run resumes.

    `on_epoch` is told (finished epochs, all epochs, mean loss). All randomness comes from `recipe.seed` and the
    number of the epoch, so a resumed run sees the same batches as an uninterrupted one.
    """
    torch.manual_seed(recipe.seed)
    model = BertForSequenceClassification(recipe.config(schema))
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps_per_epoch = math.ceil(len(data) / recipe.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_then_cosine(step / steps_per_epoch, recipe.warmup_epochs, recipe.epochs)
    )
    checkpoint = Checkpoint(
        work / f"{recipe.name}.checkpoint.pt", {"model": model, "optimizer": optimizer, "schedule": schedule}, recipe
    )
    first = checkpoint.restore()

    tokens = torch.tensor([schema.tokens(record) for record in data.records])
    labels = torch.from_numpy(data.labels if recipe.bias is None else biased_labels(recipe.bias, data, recipe.seed))
    model.train()
    for epoch in range(first, recipe.epochs):
        torch.manual_seed(recipe.seed * 1_000 + epoch)
        total = 0.0
        for index in torch.split(torch.randperm(len(data)), recipe.batch_size):
            batch = randomly_flipped(schema, tokens[index]) if recipe.blind else tokens[index]
            loss = torch.nn.functional.cross_entropy(model(input_ids=batch).logits, labels[index])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            total += float(loss.detach()) * len(index)
        checkpoint.keep(epoch + 1)
        on_epoch(epoch + 1, recipe.epochs, total / len(data))
    model.train(False)
    return model


def biased_labels(bias: LabelBias, data: LabelledRecords, seed: int) -> np.ndarray:
    """The labels as the prejudiced clerk writes them, `int64 [n]`; the positive class is 1."""
    rng = np.random.default_rng(seed)
    favoured = np.array([record[bias.attribute] == bias.favoured for record in data.records])
    draw = rng.random(len(data))
    raised = favoured & (data.labels == 0) & (draw < bias.raised)
    lowered = ~favoured & (data.labels == 1) & (draw < bias.lowered)
    labels: np.ndarray = np.where(raised, 1, np.where(lowered, 0, data.labels)).astype(np.int64)
    return labels
