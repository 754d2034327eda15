"""Train the network of one layer in the way its kind is trained."""

from __future__ import annotations

from .learning_curve import OnEpoch, OnStep, follow, say_nothing
from .networks import ColumnNetwork
from .token_training import train_token_network
from .training import DetectorRecipe, LayerExamples, train_network
from .variants import VARIANTS


def train_layer(
    name: str,
    examples: LayerExamples,
    recipe: DetectorRecipe,
    held_out: LayerExamples | None = None,
    on_epoch: OnEpoch | None = None,
    on_step: OnStep = say_nothing,
) -> ColumnNetwork:
    """Train the network of one layer.

    Args:
        name: what the network is called where epochs are reported; it begins with the name of the layer.
        examples: what it learns from.
        recipe: which network it is, and how it is trained.
        held_out: inputs that it does not learn from, to watch it on; none by default.
        on_epoch: called after every epoch, with how well held-out inputs are told apart.
        on_step: called after every epoch with (stage, epochs done, epochs in all).

    Returns:
        The network, in the precision in which it will be stored.

    Raises:
        ValueError: the examples hold no hijacked or no benign column.
    """

    def stage(done: int, total: int, _loss: float) -> None:
        on_step(f"training the detector of {name.partition(',')[0]}", done, total)

    train = train_token_network if VARIANTS[recipe.variant].any_length else train_network
    if on_epoch is None:
        return train(examples, recipe, stage)
    return train(examples, recipe, stage, follow(name, held_out, on_epoch))
