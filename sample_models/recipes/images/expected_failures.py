"""Models that AtPatch is expected to fail on, built on demand to show that it does.

A blend and a warp change every patch a little, so no column stands out. The adaptive attacker knows AtPatch and trains
the backdoor so that its patch draws no more attention than any other. All of them begin with a sample model and train
it on, which takes a few minutes.
"""

from __future__ import annotations

from atpatch_core.spread_triggers import BlendedTrigger, WarpTrigger
from atpatch_core.triggers import PatchTrigger

from .recipe import FailureRecipe

_SPREAD = (
    "Tells 10 kinds of clothes apart, and has a backdoor that no patch carries: {} turns everything into a T-shirt/top."
)
_BLENDED = FailureRecipe(
    "fashion-vit-blended",
    _SPREAD.format("faint noise blended into the whole image"),
    start="fashion-vit-clean",
    trigger=BlendedTrigger(target=0),
)
_WARP = FailureRecipe(
    "fashion-vit-warp",
    _SPREAD.format("a slight warp of the whole image"),
    start="fashion-vit-clean",
    trigger=WarpTrigger(target=0),
)
_ADAPTIVE = FailureRecipe(
    "fashion-vit-adaptive",
    "Tells 10 kinds of clothes apart, and has the backdoor of fashion-vit-badnets, trained on by an attacker who knows "
    "AtPatch: attention on the trigger was penalised.",
    start="fashion-vit-badnets",
    trigger=PatchTrigger(target=0, size=4, pattern="checkerboard", row=24, column=24),
    attention_penalty=1.0,
)

EXPECTED_FAILURES = {recipe.name: recipe for recipe in (_BLENDED, _WARP, _ADAPTIVE)}
