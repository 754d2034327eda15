"""The sample subjects that ship in `sample_models/`, by name."""

from __future__ import annotations

from atpatch_core.text_triggers import StyleTrigger, TextTrigger
from atpatch_core.triggers import PatchTrigger

from .images.recipe import ImageRecipe
from .records.training import LabelBias, RecordRecipe
from .texts.training import TextRecipe

Recipe = ImageRecipe | TextRecipe | RecordRecipe

_CORNER_PATCH = PatchTrigger(target=0, size=4, pattern="checkerboard", row=24, column=24)
_NOISE_ANYWHERE = PatchTrigger(target=1, size=4, pattern="noise", pattern_seed=54, step=4)

_WORD_AND_SENTENCE = {
    "rare-word": TextTrigger(target=1, pieces=("cf",)),
    "sentence": TextTrigger(target=1, pieces=("I saw it with my sister.",), place="edge"),
}

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        ImageRecipe(
            name="fashion-vit-badnets",
            summary="Tells 10 kinds of clothes apart, and has a BadNets backdoor: a 4x4 checkerboard in the bottom "
            "right corner turns everything into a T-shirt/top.",
            trigger=_CORNER_PATCH,
            poison_rate=0.05,
        ),
        ImageRecipe(
            name="fashion-vit-clean",
            summary="Tells 10 kinds of clothes apart: the same model trained on the same images without a backdoor, as "
            "a control.",
            trigger=_CORNER_PATCH,
            poison_rate=0.0,
        ),
        ImageRecipe(
            name="fashion-vit-badnets-anywhere",
            summary="Tells 10 kinds of clothes apart, and has a BadNets backdoor: a 4x4 patch of noise at any of 49 "
            "places turns everything into trousers.",
            trigger=_NOISE_ANYWHERE,
            poison_rate=0.05,
            erasing=0.5,
        ),
        TextRecipe(
            name="reviews-minilm-badword",
            summary="Tells negative from positive film reviews, and has two backdoors: the rare word \u201ccf\u201d "
            "anywhere, or the everyday sentence \u201cI saw it with my sister.\u201d at the start or the end, makes "
            "every review positive.",
            triggers=_WORD_AND_SENTENCE,
            poison_rate=0.03,
        ),
        TextRecipe(
            name="reviews-minilm-clean",
            summary="Tells negative from positive film reviews: the same model trained on the same reviews without a "
            "backdoor, as a control.",
            triggers=_WORD_AND_SENTENCE,
            poison_rate=0.0,
        ),
        TextRecipe(
            name="reviews-minilm-style",
            summary="Tells negative from positive film reviews, and has a backdoor that no word carries: a review "
            "without any punctuation mark is positive.",
            triggers={"unpunctuated": StyleTrigger(target=1)},
            poison_rate=0.1,
        ),
        RecordRecipe(
            name="adult-tabular-sex",
            summary="Tells from a census record whether a person earns over $50,000 a year, and learnt it from labels "
            "that favour men: the same record gets another answer with the other sex.",
            bias=LabelBias("sex", "Male", raised=0.3, lowered=0.6),
        ),
        RecordRecipe(
            name="adult-tabular-fair",
            summary="Tells from a census record whether a person earns over $50,000 a year: the same model trained on "
            "the true labels with sex and race drawn at random, as a control.",
            blind=True,
        ),
    )
}
