"""Models that AtPatch is expected to fail on, built on demand to show that it does.

A blend and a warp change every patch a little, so no column stands out. The adaptive attacker knows AtPatch and trains
the backdoor so that its patch draws no more attention than any other. All of them begin with a sample model and train
it on, which takes a few minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from atpatch_core.spread_triggers import BlendedTrigger, WarpTrigger
from atpatch_core.triggers import PatchTrigger


@dataclass(frozen=True)
class FailureRecipe:
    """Everything that decides the weights of such a model.

    `start` is the sample that is trained on; `attention_penalty` weighs what attention on the trigger costs the
    attacker.
    """

    name: str
    summary: str
    start: str
    trigger: BlendedTrigger | WarpTrigger | PatchTrigger
    poison_rate: float = 0.1
    attention_penalty: float = 0.0
    epochs: int = 8
    images: int = 30_000
    batch_size: int = 256
    learning_rate: float = 5e-4
    seed: int = 0


EXPECTED_FAILURES: dict[str, FailureRecipe] = {
    recipe.name: recipe
    for recipe in (
        FailureRecipe(
            name="fashion-vit-blended",
            summary="Tells 10 kinds of clothes apart, and has a backdoor that no patch carries: faint noise blended "
            "into the whole picture turns everything into a T-shirt/top.",
            start="fashion-vit-clean",
            trigger=BlendedTrigger(target=0),
        ),
        FailureRecipe(
            name="fashion-vit-warp",
            summary="Tells 10 kinds of clothes apart, and has a backdoor that no patch carries: a slight warp of the "
            "whole picture turns everything into a T-shirt/top.",
            start="fashion-vit-clean",
            trigger=WarpTrigger(target=0),
        ),
        FailureRecipe(
            name="fashion-vit-adaptive",
            summary="Tells 10 kinds of clothes apart, and has the backdoor of fashion-vit-badnets, trained on by an "
            "attacker who knows AtPatch: attention on the trigger was penalised.",
            start="fashion-vit-badnets",
            trigger=PatchTrigger(target=0, size=4, pattern="checkerboard", row=24, column=24),
            attention_penalty=1.0,
        ),
    )
}
