"""Train the network for texts: in every text, the highest column is what counts.

Whether a text is flagged depends on its highest column alone. So each hijacked text teaches through its highest
hijacked column, and every text through its highest benign one. Averages over columns, or a contrast of all with all,
make the bulk of easy columns even easier and leave the few hard ones where they are.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .networks import ColumnNetwork
from .per_token import PerToken, mean_role_shares
from .training import DetectorRecipe, LayerExamples

_ABSENT = -30.0  # log-odds of columns that are not there


def train_token_network(
    examples: LayerExamples,
    recipe: DetectorRecipe,
    on_epoch: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
    on_network: Callable[[int, int, float, ColumnNetwork], None] = lambda epoch, epochs, loss, network: None,
) -> PerToken:
    """Train one layer's network for texts.

    Args:
        examples: what it learns from.
        recipe: how it is trained; epochs, batch size, learning rate, weight decay and seed count.
        on_epoch: called with (epochs done, epochs in all, mean loss).
        on_network: called with the same and the network as it is by then, to look at and not to change.

    Returns:
        The network, in the precision in which it will be stored.

    Raises:
        ValueError: the examples hold no hijacked or no benign column.
    """
    hijacked = examples.hijacked.any(1) & examples.key_valid
    calm = examples.key_valid & ~hijacked & ~examples.ignored.any(1)
    if not bool(hijacked.any()) or not bool(calm.any()):
        raise ValueError("A detector needs examples of hijacked and of benign columns.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = PerToken(examples.attention.shape[1], examples.attention.shape[3])
        parts = (torch.split(part, 64) for part in (examples.attention, examples.key_valid, examples.query_valid))
        prepared = torch.cat([network.prepare(*batch) for batch in zip(*parts, strict=True)])
        network.fit_benign(prepared[examples.benign])
        optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        for epoch in range(recipe.epochs):
            total = 0.0
            for index in torch.split(torch.randperm(len(prepared)), recipe.batch_size):
                loss = _loss(network.logits(prepared[index])[:, 0], hijacked[index], calm[index])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                total += float(loss.detach()) * len(index)
            on_epoch(epoch + 1, recipe.epochs, total / len(prepared))
            on_network(epoch + 1, recipe.epochs, total / len(prepared), network)
    # Detectors are stored in half precision: what is calibrated next must be what will be loaded.
    return network.half().float().train(False)


def benign_shares(examples: LayerExamples, chosen: Tensor) -> Tensor:
    """The `mean_role_shares` of the inputs `chosen` (bool `[n]`), as precise as they will be stored."""
    shares = mean_role_shares(examples.attention[chosen], examples.key_valid[chosen], examples.query_valid[chosen])
    return shares.half().float()


def _loss(logits: Tensor, hijacked: Tensor, calm: Tensor) -> Tensor:
    """The logistic loss of the highest hijacked and of the highest benign column of each text, `[n, keys]`."""
    found = logits.masked_fill(~hijacked, _ABSENT).amax(1)[hijacked.any(1)]
    missed = nn.functional.softplus(-found).sum() / max(1, len(found))
    return missed + nn.functional.softplus(logits.masked_fill(~calm, _ABSENT).amax(1)).mean()
