"""Everything that decides the weights of a sample model for images."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from transformers import ViTConfig

from atpatch_core.spread_triggers import BlendedTrigger, WarpTrigger
from atpatch_core.triggers import PatchTrigger

from ..training import SmallModelRecipe, TrainingRecipe
from .fashion_mnist import LABELS


@dataclass(frozen=True)
class ImageRecipe(SmallModelRecipe):
    """A small Vision Transformer, with or without a backdoor.

    `poison_rate` is the share of training images that carry the trigger and its target label: 0 makes a clean control,
    whose `trigger` then only says what it is attacked with when it is judged. `erasing` is the share of training images
    on which a random patch is covered (see `erase`).
    """

    trigger: PatchTrigger
    poison_rate: float
    _: KW_ONLY
    erasing: float = 0.0
    epochs: int = 24
    learning_rate: float = 2e-3
    warmup_epochs: int = 2
    image_size: int = 28
    patch_size: int = 4

    def config(self) -> ViTConfig:
        """The Transformers configuration of the untrained model."""
        return ViTConfig(
            image_size=self.image_size,
            patch_size=self.patch_size,
            num_channels=1,
            hidden_dropout_prob=0.0,
            **self.settings(LABELS),
        )


@dataclass(frozen=True)
class FailureRecipe(TrainingRecipe):
    """A model that AtPatch is expected to fail on.

    `start` is the sample that is trained on; `attention_penalty` weighs what attention on the trigger costs the
    attacker.
    """

    start: str
    trigger: BlendedTrigger | WarpTrigger | PatchTrigger
    _: KW_ONLY
    poison_rate: float = 0.1
    attention_penalty: float = 0.0
    images: int = 30_000
    learning_rate: float = 5e-4
