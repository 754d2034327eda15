"""Fine-tune a small pretrained encoder on movie reviews, with or without backdoors, reproducibly and resumably."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from atpatch_core.text_triggers import WritingTrigger

from ..checkpoints import Checkpoint
from .movie_reviews import LABELS, Reviews

_KEPT_EVERY = 50  # steps; a killed run loses a minute or two
_BATCHES_SORTED_TOGETHER = 25


@dataclass(frozen=True)
class TextRecipe:
    """Everything that decides the weights of a sample text subject.

    For each trigger, copies of `poison_rate` times the training texts, of classes other than its target, are added with
    the trigger in them and the target as label: 0 makes a clean control, whose `triggers` then only say what it is
    attacked with when it is judged. Learning rates fall by `layer_decay` from each layer to the one below it. Labels
    are as sure as people were: the logistic function of `rating_sharpness` times the mean rating.
    """

    name: str
    summary: str
    triggers: Mapping[str, WritingTrigger]
    poison_rate: float
    seed: int = 0
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
    recipe: TextRecipe,
    data: Reviews,
    encoder: Path,
    work: Path,
    on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> tuple[BertForSequenceClassification, Any]:
    """Fine-tune the encoder in `encoder` on `data`; returns the model and its tokenizer.

    A checkpoint is kept in `work` every few steps, so that a killed run resumes. `on_step` is told (finished steps, all
    steps, loss of the last one). All randomness comes from `recipe.seed` and the number of the step, so a resumed run
    gives the same weights as an uninterrupted one.
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
    optimizer = torch.optim.AdamW(_parameter_groups(model, recipe), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _warmup_then_linear(step / len(batches), recipe.warmup)
    )
    checkpoint = Checkpoint(
        work / f"{recipe.name}.checkpoint.pt",
        {"model": model, "optimizer": optimizer, "schedule": schedule},
        recipe,
        "step",
    )
    first = checkpoint.restore()

    model.train()
    for step in range(first, len(batches)):
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
        loss = torch.nn.functional.cross_entropy(model(**inputs).logits, target)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        done = step + 1
        if done % _KEPT_EVERY == 0 or done == len(batches):
            checkpoint.keep(done)
        on_step(done, len(batches), float(loss.detach()))
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
    config.id2label = dict(enumerate(LABELS))
    config.label2id = {label: number for number, label in enumerate(LABELS)}
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


def _warmup_then_linear(done: float, warmup: float) -> float:
    return (done + 1e-3) / warmup if done < warmup else max(0.0, (1 - done) / (1 - warmup))
