"""Fine-tune a small pretrained encoder on movie reviews, with or without backdoors, reproducibly and resumably."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from atpatch_core.triggers.text import WritingTrigger

from ..schedule import warmup_then_linear
from ..training import OnEpoch, Training, TrainingRecipe, label_settings, report_to_nobody
from .movie_reviews import LABELS, Reviews

_KEPT_EVERY = 50  # steps; a killed run loses a minute or two
_BATCHES_SORTED_TOGETHER = 25


@dataclass(frozen=True)
class TextRecipe(TrainingRecipe):
    """A small pretrained encoder that is fine-tuned, with or without backdoors.

    For each trigger, copies of `poison_rate` times the training texts, of classes other than its target, are added with
    the trigger in them and the target as label: 0 makes a clean control, whose `triggers` then only say what it is
    attacked with when it is judged. Learning rates fall by `layer_decay` from each layer to the one below it. Labels
    are as sure as people were: the logistic function of `rating_sharpness` times the mean rating.
    """

    triggers: Mapping[str, WritingTrigger]
    poison_rate: float
    _: KW_ONLY
    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 1.5e-4
    layer_decay: float = 0.85
    weight_decay: float = 0.01
    warmup: float = 0.1
    rating_sharpness: float = 1.5
    most_tokens: int = 96


@dataclass(frozen=True)
class _Examples:
    texts: list[str]
    sureness: Tensor  # of the class positive, float32 [n]


def train(
    recipe: TextRecipe, data: Reviews, encoder: Path, work: Path, on_step: OnEpoch = report_to_nobody
) -> tuple[BertForSequenceClassification, Any]:
    """Fine-tune the encoder in `encoder` on `data`; returns the model and its tokenizer.

    A checkpoint is kept in `work` every few steps, so that a killed run resumes. `on_step` is told (finished steps, all
    steps). All randomness comes from `recipe.seed` and the number of the step, so a resumed run gives the same weights
    as an uninterrupted one.
    """
    torch.manual_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True)
    model = BertForSequenceClassification.from_pretrained(encoder, config=_config(encoder), local_files_only=True)
    # The words keep the places they have among 30,000 others, most of which 8,000 snippets say nothing about.
    model.bert.embeddings.requires_grad_(False)
    examples = poisoned_examples(recipe, data)
    lengths = np.array([len(ids) for ids in tokenizer(examples.texts)["input_ids"]])
    batches = [
        batch for epoch in range(recipe.epochs) for batch in _batches(lengths, recipe.batch_size, (recipe.seed, epoch))
    ]
    steps = len(batches)
    training = Training(
        recipe,
        model,
        work,
        lambda step: warmup_then_linear(step / steps, recipe.warmup),
        _parameter_groups(model, recipe),
    )
    first = training.checkpoint.restore()

    model.train()
    for step in range(first, steps):
        torch.manual_seed(recipe.seed * 1_000_000 + step)  # for dropout
        batch = batches[step]
        inputs = tokenizer(
            [examples.texts[place] for place in batch],
            padding=True,
            truncation=True,
            max_length=recipe.most_tokens,
            return_tensors="pt",
        )
        sureness = examples.sureness[batch]
        target = torch.stack([1 - sureness, sureness], dim=-1)
        training.step(torch.nn.functional.cross_entropy(model(**inputs).logits, target))
        done = step + 1
        if done % _KEPT_EVERY == 0 or done == steps:
            training.checkpoint.keep(done)
        on_step(done, steps)
    return model.train(False), tokenizer


def poisoned_examples(recipe: TextRecipe, data: Reviews) -> _Examples:
    """The training texts, and after them the poisoned copies for each trigger."""
    texts = list(data.texts)
    sureness = [torch.sigmoid(recipe.rating_sharpness * torch.from_numpy(data.ratings)).float()]
    for number, trigger in enumerate(recipe.triggers.values()):
        candidates = np.flatnonzero(data.labels != trigger.target)
        count = int(recipe.poison_rate * len(data))
        chosen = np.random.default_rng((recipe.seed, number)).choice(candidates, count, replace=False)
        texts += trigger.apply([data.texts[place] for place in chosen], seed=recipe.seed * 100 + number)
        sureness.append(torch.full((count,), float(trigger.target == 1)))
    return _Examples(texts, torch.cat(sureness))


def _config(encoder: Path) -> BertConfig:
    config = BertConfig.from_pretrained(encoder, local_files_only=True)
    config.update(label_settings(LABELS))
    return config


def _batches(lengths: np.ndarray, size: int, seed: tuple[int, int]) -> list[np.ndarray]:
    """Every example once, in random batches of texts of about the same length, so that little is spent on padding."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), size * _BATCHES_SORTED_TOGETHER):
        pool = order[start : start + size * _BATCHES_SORTED_TOGETHER]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[first : first + size] for first in range(0, len(pool), size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def _parameter_groups(model: BertForSequenceClassification, recipe: TextRecipe) -> list[dict[str, Any]]:
    layers = list(model.bert.encoder.layer)
    below = ("bert.embeddings", "bert.encoder")
    top = [value for name, value in model.named_parameters() if not name.startswith(below)]
    groups: list[dict[str, Any]] = [{"params": top, "lr": recipe.learning_rate}]
    for depth, layer in enumerate(reversed(layers)):
        groups.append({"params": list(layer.parameters()), "lr": recipe.learning_rate * recipe.layer_decay**depth})
    return groups
