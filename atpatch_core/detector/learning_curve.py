"""What training achieves epoch by epoch: the loss, and how well inputs held out from it are told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from .networks import ColumnNetwork
from .training import LayerExamples


@dataclass(frozen=True)
class Epoch:
    """A finished epoch of the training of one network.

    Attributes:
        network: what the network is called.
        number: number of the epoch, from 1.
        of: how many epochs there are.
        loss: mean loss over the epoch.
        auroc: area under the ROC curve over inputs that this network does not learn from; `None` without such inputs.
    """

    network: str
    number: int
    of: int
    loss: float
    auroc: float | None


OnEpoch = Callable[[Epoch], None]
OnStep = Callable[[str, int, int], None]  # stage, steps done, steps in all


def say_nothing(_stage: str, _done: int, _total: int) -> None:
    """The `OnStep` that reports nothing.

    Args:
        _stage: not used.
        _done: not used.
        _total: not used.
    """


def follow(
    name: str, held_out: LayerExamples | None, on_epoch: OnEpoch
) -> Callable[[int, int, float, ColumnNetwork], None]:
    """Watch a network while it learns.

    Args:
        name: what the network is called.
        held_out: inputs that it does not learn from; those that are not benign are to be found. `None` if there are
            none.
        on_epoch: called after every epoch.

    Returns:
        What `train_network` takes as `on_network`.
    """
    prepared: list[Tensor] = []  # nothing in the preparation is trained, so once is enough

    def finished(number: int, of: int, loss: float, network: ColumnNetwork) -> None:
        area = None
        if held_out is not None and 0 < int(held_out.benign.sum()) < len(held_out.benign):
            with torch.no_grad():
                if not prepared:
                    prepared.append(network.prepare(held_out.attention, held_out.key_valid, held_out.query_valid))
                odds = network.logits(prepared[0]).masked_fill(~held_out.key_valid[:, None], float("-inf"))
            area = float(roc_auc_score(~held_out.benign.numpy(), odds.flatten(1).amax(1).double().numpy()))
        on_epoch(Epoch(name, number, of, loss, area))

    return finished
