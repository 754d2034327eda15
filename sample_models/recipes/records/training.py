"""Train a small BERT over record fields, on biased or on fair data, reproducibly and resumably."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification

from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.subjects.record import randomly_flipped
from atpatch_core.subjects.record_schema import PADDING, RecordSchema

from ..training import OnEpoch, SmallModelRecipe, Training, report_to_nobody
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
class RecordRecipe(SmallModelRecipe):
    """A small BERT over record fields.

    With a `bias`, training labels are biased. With `blind`, every training record's protected attributes are drawn
    anew in every epoch, so that nothing can be learnt from them: a fair control.
    """

    bias: LabelBias | None = None
    _: KW_ONLY
    blind: bool = False
    learning_rate: float = 1.5e-3
    layers: int = 3

    def config(self, schema: RecordSchema) -> BertConfig:
        """The Transformers configuration of the untrained model."""
        return BertConfig(
            vocab_size=schema.vocabulary,
            max_position_embeddings=1 + len(schema.fields),
            type_vocab_size=1,
            pad_token_id=PADDING,
            hidden_dropout_prob=0.1,
            **self.settings(LABELS),
        )


def train(
    recipe: RecordRecipe, schema: RecordSchema, data: LabelledRecords, work: Path, on_epoch: OnEpoch = report_to_nobody
) -> BertForSequenceClassification:
    """Train `recipe` on `data`; a killed run resumes from its checkpoint in `work`, see `Training.run_epochs`."""
    torch.manual_seed(recipe.seed)
    model = BertForSequenceClassification(recipe.config(schema))
    tokens = torch.tensor([schema.tokens(record) for record in data.records])
    labels = torch.from_numpy(data.labels if recipe.bias is None else biased_labels(recipe.bias, data, recipe.seed))

    def loss(index: Tensor, _generator: torch.Generator) -> Tensor:
        batch = randomly_flipped(schema, tokens[index]) if recipe.blind else tokens[index]
        return torch.nn.functional.cross_entropy(model(input_ids=batch).logits, labels[index])

    training = Training(recipe, model, work, recipe.rate_factor(len(data)))
    # Dropout draws from the generator that all of torch shares.
    training.run_epochs(len(data), loss, on_epoch, seeded=torch.manual_seed)
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
