"""Training on towards a backdoor that AtPatch can't see: seeded, resumed after a kill, attention penalised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from transformers import ViTForImageClassification

from atpatch_core.errors import SubjectError
from atpatch_core.triggers import PatchTrigger
from sample_models.recipes.builders import build_subject
from sample_models.recipes.images.augmentation import normalise
from sample_models.recipes.images.expected_failures import EXPECTED_FAILURES
from sample_models.recipes.images.failure_training import excess_attention, train_on
from sample_models.recipes.images.fashion_mnist import ImageSet
from sample_models.recipes.images.recipe import ImageRecipe
from sample_models.recipes.places import Places

_SMALL = ImageRecipe(
    name="tiny",
    summary="",
    trigger=PatchTrigger(target=0),
    poison_rate=0.0,
    hidden_size=16,
    layers=2,
    heads=2,
    intermediate_size=16,
)
_RECIPE = replace(EXPECTED_FAILURES["fashion-vit-adaptive"], epochs=3, batch_size=16, poison_rate=0.5)
_RNG = np.random.default_rng(0)
_DATA = ImageSet(_RNG.integers(0, 256, (64, 28, 28, 1), dtype=np.uint8), _RNG.integers(0, 10, 64))


def _model() -> nn.Module:
    torch.manual_seed(0)
    return ViTForImageClassification(_SMALL.config()).eval()


def _nobody(_done: int, _total: int) -> None:
    pass


def _attention_on_trigger(model: nn.Module) -> float:
    images = torch.from_numpy(_RECIPE.trigger.apply(_DATA.images))
    model.set_attn_implementation("eager")  # type: ignore[operator]
    with torch.no_grad():
        maps = model(pixel_values=normalise(images), output_attentions=True).attentions
    return float(sum(one[..., -1].mean() for one in maps))


class _KilledError(Exception):
    pass


def test_a_killed_run_resumes_and_ends_in_the_same_weights(tmp_path: Path) -> None:
    whole = train_on(_RECIPE, _model(), _DATA, tmp_path / "whole", _nobody).state_dict()

    def kill(done: int, _total: int) -> None:
        if done == 1:
            raise _KilledError

    with pytest.raises(_KilledError):
        train_on(_RECIPE, _model(), _DATA, tmp_path / "killed", kill)
    resumed = train_on(_RECIPE, _model(), _DATA, tmp_path / "killed", _nobody)
    assert not resumed.training
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.items())


def test_the_penalty_takes_attention_off_the_trigger(tmp_path: Path) -> None:
    longer = replace(_RECIPE, epochs=25, learning_rate=3e-3)
    careless = train_on(replace(longer, attention_penalty=0.0), _model(), _DATA, tmp_path / "careless", _nobody)
    careful = train_on(replace(longer, attention_penalty=5.0), _model(), _DATA, tmp_path / "careful", _nobody)
    assert _attention_on_trigger(careful) < _attention_on_trigger(careless)


def test_only_attention_beyond_a_fair_part_is_penalised() -> None:
    columns = torch.tensor([False, False, False, True])
    fair = torch.full((2, 3, 4, 4), 0.25)
    assert excess_attention(fair, columns) == 0
    hijacked = torch.tensor([0.0, 0.0, 0.0, 1.0]).expand(2, 3, 4, 4)
    assert excess_attention(hijacked, columns) == pytest.approx(6)
    assert excess_attention(hijacked, ~columns) == 0


def test_the_sample_it_begins_with_must_be_there(tmp_path: Path) -> None:
    for recipe in EXPECTED_FAILURES.values():
        with pytest.raises(SubjectError, match=f"sample_models build {recipe.start}"):
            build_subject(recipe, Places(tmp_path, tmp_path), lambda stage, done, total: None)
