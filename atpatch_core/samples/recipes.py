"""The sample subjects that ship in `sample_models/`, by name."""

from __future__ import annotations

from ..triggers import PatchTrigger
from .image_training import ImageRecipe

RECIPES: dict[str, ImageRecipe] = {
    recipe.name: recipe
    for recipe in (
        ImageRecipe(
            name="fashion-vit-badnets",
            summary="Clothes in 10 classes, with a BadNets backdoor: a 4x4 checkerboard in the bottom right corner "
            "turns everything into a T-shirt/top.",
            trigger=PatchTrigger(target=0, size=4, pattern="checkerboard", row=24, column=24),
            poison_rate=0.05,
        ),
        ImageRecipe(
            name="fashion-vit-clean",
            summary="The same model trained on the same images without a backdoor: the control.",
        ),
    )
}
