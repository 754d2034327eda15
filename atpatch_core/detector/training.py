"""Train the network of one layer on benign and hijacked columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .contrastive import contrastive_loss
from .networks import ColumnNetwork
from .variants import VARIANTS


@dataclass(frozen=True)
class LayerExamples:
    """The maps of one layer to learn from.

    Attributes:
        attention: `[n, heads, queries, keys]`.
        key_valid: bool `[n, keys]`, `False` for padding.
        query_valid: bool `[n, queries]`, `False` for padding.
        hijacked: columns that are over-attended because of a trigger, bool `[n, heads, keys]`.
        ignored: columns that are neither clearly so nor clearly benign, bool `[n, heads, keys]`.
        benign: which inputs carry no trigger, bool `[n]`.
    """

    attention: Tensor
    key_valid: Tensor
    query_valid: Tensor
    hijacked: Tensor
    ignored: Tensor
    benign: Tensor


def unpadded(attention: Tensor, hijacked: Tensor, ignored: Tensor, benign: Tensor) -> LayerExamples:
    """Examples whose maps have no padding.

    Args:
        attention: maps, `[n, heads, queries, keys]`.
        hijacked: columns that are over-attended because of a trigger, bool `[n, heads, keys]`.
        ignored: columns that are neither clearly so nor clearly benign, bool `[n, heads, keys]`.
        benign: which inputs carry no trigger, bool `[n]`.
    """
    count, _, queries, keys = attention.shape
    valid = (torch.ones(count, keys, dtype=torch.bool), torch.ones(count, queries, dtype=torch.bool))
    return LayerExamples(attention, *valid, hijacked, ignored, benign)


def hijacked_inputs(hijacked: Tensor) -> int:
    """In how many inputs any column is `hijacked` (bool `[n, heads, keys]`)."""
    return int(hijacked.flatten(1).any(1).sum())


def joined(first: LayerExamples, second: LayerExamples) -> LayerExamples:
    """Both, one after the other; the smaller maps are padded to the size of the larger ones."""
    keys = max(examples.attention.shape[-1] for examples in (first, second))
    both = [vars(_padded(examples, keys)).values() for examples in (first, second)]
    return LayerExamples(*(torch.cat(pair) for pair in zip(*both, strict=True)))


def _padded(examples: LayerExamples, keys: int) -> LayerExamples:
    more = keys - examples.attention.shape[-1]
    if not more:
        return examples
    pad = nn.functional.pad
    return LayerExamples(
        attention=pad(examples.attention, (0, more, 0, more)),
        key_valid=pad(examples.key_valid, (0, more)),
        query_valid=pad(examples.query_valid, (0, more)),
        hijacked=pad(examples.hijacked, (0, more)),
        ignored=pad(examples.ignored, (0, more)),
        benign=examples.benign,
    )


@dataclass(frozen=True)
class DetectorRecipe:
    """How networks are trained: the paper's 50 epochs of AdamW, at a higher rate as the networks are smaller.

    Attributes:
        variant: which kind of network, a name in `VARIANTS`; "per-head" by default.
        epochs: how often all examples are seen; 50 by default.
        batch_size: inputs in one step; 128 by default.
        learning_rate: the highest of the schedule; 2e-3 by default.
        weight_decay: of AdamW; 1e-2 by default.
        hardest: how many of a batch's benign columns, those that score highest, are learnt from; 256 by default.
        random: how many further ones are drawn at random; 256 by default.
        contrast: weight of the contrastive loss; 1 by default, and 0 leaves it out.
        seed: where all randomness comes from; 0 by default.
    """

    variant: str = "per-head"
    epochs: int = 50
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    hardest: int = 256
    random: int = 256
    contrast: float = 1.0
    seed: int = 0


def train_network(
    examples: LayerExamples,
    recipe: DetectorRecipe,
    on_epoch: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
    on_network: Callable[[int, int, float, ColumnNetwork], None] = lambda epoch, epochs, loss, network: None,
) -> ColumnNetwork:
    """Train one layer's network: contrastive loss on column embeddings and cross-entropy to the class prototypes.

    Every batch takes all its hijacked columns, the hardest benign ones and some at random.

    Args:
        examples: what it learns from.
        recipe: which network it is, and how it is trained.
        on_epoch: called with (epochs done, epochs in all, mean loss).
        on_network: called with the same and the network as it is by then, to look at and not to change.

    Returns:
        The network, in the precision in which it will be stored.

    Raises:
        ValueError: the examples hold no hijacked or no benign column.
    """
    if not bool(examples.hijacked.any()) or not bool((~examples.hijacked & ~examples.ignored).any()):
        raise ValueError("A detector needs examples of hijacked and of benign columns.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = VARIANTS[recipe.variant](examples.attention.shape[1], examples.attention.shape[3])
        parts = (torch.split(part, 256) for part in (examples.attention, examples.key_valid, examples.query_valid))
        prepared = torch.cat([network.prepare(*batch) for batch in zip(*parts, strict=True)])
        network.fit_benign(prepared[examples.benign])
        hijacked = network.truth(examples.hijacked)
        usable = examples.key_valid[:, None] & (hijacked | ~network.truth(examples.ignored))
        optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        steps = recipe.epochs * -(-len(prepared) // recipe.batch_size)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
        for epoch in range(recipe.epochs):
            total = 0.0
            for index in torch.split(torch.randperm(len(prepared)), recipe.batch_size):
                loss = _batch_loss(network, prepared[index], hijacked[index], usable[index], recipe)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                total += float(loss.detach()) * len(index)
            on_epoch(epoch + 1, recipe.epochs, total / len(prepared))
            on_network(epoch + 1, recipe.epochs, total / len(prepared), network)
    # Detectors are stored in half precision: what is calibrated next must be what will be loaded.
    return network.half().float().train(False)


def _batch_loss(
    network: ColumnNetwork, prepared: Tensor, hijacked: Tensor, usable: Tensor, recipe: DetectorRecipe
) -> Tensor:
    embeddings = network.embed(prepared)
    logits = network.prototypes.logits(embeddings)
    positive = hijacked & usable
    negative = ~hijacked & usable
    hardness = logits.detach().masked_fill(~negative, float("-inf")).flatten()
    hardest = hardness.topk(min(recipe.hardest, int(negative.sum()))).indices
    candidates = negative.flatten().nonzero().squeeze(-1)
    # A small batch may hold no column that is known to be benign.
    some = candidates[torch.randint(len(candidates), (recipe.random,))] if len(candidates) else candidates
    chosen = torch.cat([positive.flatten().nonzero().squeeze(-1), hardest, some])
    truth = positive.flatten()[chosen]
    # Classes weigh equally in a batch, so that rare hijacked columns are not drowned.
    weight = torch.where(truth, 0.5 / truth.sum().clamp(min=1), 0.5 / (~truth).sum().clamp(min=1))
    entropy = nn.functional.binary_cross_entropy_with_logits(
        logits.flatten()[chosen], truth.float(), weight=weight, reduction="sum"
    )
    return entropy + recipe.contrast * contrastive_loss(embeddings.flatten(0, 2)[chosen], truth)
