"""The cards that ship are the ones that the recipes write from the shipped figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sample_models.recipes.catalogue import RECIPES
from sample_models.recipes.images.cards import image_detector_card, image_model_card
from sample_models.recipes.images.recipe import ImageRecipe
from sample_models.recipes.records.cards import record_detector_card, record_model_card
from sample_models.recipes.records.training import RecordRecipe
from sample_models.recipes.texts.cards import text_detector_card, text_model_card
from tests.support.dashboard import ROOT

MODELS = ROOT / "sample_models"
TRAINED_ON = 8_041  # reviews that are left to train on


def _figures(name: str, part: str = "atpatch") -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((MODELS / name / part / "figures.json").read_text(encoding="utf-8"))
    return figures


@pytest.mark.parametrize("name", sorted(folder.name for folder in MODELS.iterdir() if (folder / "atpatch").is_dir()))
def test_shipped_cards_are_as_the_recipes_write_them(name: str) -> None:
    recipe, figures = RECIPES[name], _figures(name)
    if isinstance(recipe, ImageRecipe):
        cards = image_model_card(recipe, figures), image_detector_card(recipe, figures)
    elif isinstance(recipe, RecordRecipe):
        cards = record_model_card(recipe, figures), record_detector_card(recipe, figures)
    else:
        untouched = _figures(name, "eval")
        cards = text_model_card(recipe, TRAINED_ON, untouched), text_detector_card(recipe, figures)
    shipped = (MODELS / name / "README.md", MODELS / name / "atpatch" / "README.md")
    assert cards == tuple(file.read_text(encoding="utf-8") for file in shipped)
