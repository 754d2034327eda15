"""Training a sample image subject: seeded, poisoned as said, and resumed after a kill as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.triggers.patch import PatchTrigger
from sample_models.recipes.images.augmentation import IMAGE_MEAN, IMAGE_STD, erase, normalise
from sample_models.recipes.images.fashion_mnist import ImageSet
from sample_models.recipes.images.poisoning import poisoned_indices
from sample_models.recipes.images.recipe import ImageRecipe
from sample_models.recipes.images.training import train

_RECIPE = ImageRecipe(
    name="tiny",
    summary="",
    trigger=PatchTrigger(target=3, size=4),  # at a random place, so that places must come from the seed as well
    poison_rate=0.25,
    epochs=3,
    batch_size=16,
    hidden_size=8,
    layers=1,
    heads=2,
    intermediate_size=8,
)


def _data(count: int = 64) -> ImageSet:
    rng = np.random.default_rng(0)
    return ImageSet(rng.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8), rng.integers(0, 10, count))


class _KilledError(Exception):
    pass


def test_a_killed_run_resumes_and_ends_in_the_same_weights(tmp_path: Path) -> None:
    whole = train(_RECIPE, _data(), tmp_path / "whole").state_dict()

    def kill(done: int, _epochs: int) -> None:
        if done == 2:
            raise _KilledError

    with pytest.raises(_KilledError):
        train(_RECIPE, _data(), tmp_path / "killed", kill)
    epochs: list[int] = []
    resumed = train(_RECIPE, _data(), tmp_path / "killed", lambda done, _epochs: epochs.append(done)).state_dict()
    assert epochs == [3]
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    one = train(replace(_RECIPE, epochs=1), _data(), tmp_path / "one")
    other = train(replace(_RECIPE, epochs=1, seed=1), _data(), tmp_path / "other")
    assert not one.training
    assert not torch.equal(one.classifier.weight, other.classifier.weight)


def test_the_poisoned_images_are_as_many_as_said_and_never_of_the_target_class() -> None:
    data = _data(400)
    poisoned = poisoned_indices(_RECIPE, data)
    assert len(poisoned) == len(set(poisoned.tolist())) == 100
    assert not (data.labels[poisoned] == 3).any()
    assert np.array_equal(poisoned, poisoned_indices(_RECIPE, data))
    assert len(poisoned_indices(replace(_RECIPE, poison_rate=0), data)) == 0


def test_the_model_takes_what_the_image_processor_will_give_it() -> None:
    pixels = normalise(torch.tensor([[[[0]], [[255]]]], dtype=torch.uint8))
    assert pixels.shape == (1, 1, 2, 1)
    torch.testing.assert_close(pixels.flatten(), torch.tensor([-IMAGE_MEAN, 1 - IMAGE_MEAN]) / IMAGE_STD)


def test_erasing_covers_a_patch_of_some_images_and_nothing_else() -> None:
    images = torch.full((400, 28, 28, 1), 77, dtype=torch.uint8)
    erase(images, 0.5, torch.Generator().manual_seed(0))
    changed = (images != 77).squeeze(-1)
    touched = changed.flatten(1).any(1)
    assert 150 < int(touched.sum()) < 250
    for one in changed[touched]:
        rows, columns = one.any(1).nonzero().flatten(), one.any(0).nonzero().flatten()
        assert rows.max() - rows.min() < 6
        assert columns.max() - columns.min() < 6


def test_erasing_follows_the_seed() -> None:
    first, again = (torch.zeros(50, 28, 28, 1, dtype=torch.uint8) for _ in range(2))
    erase(first, 0.5, torch.Generator().manual_seed(3))
    erase(again, 0.5, torch.Generator().manual_seed(3))
    assert torch.equal(first, again)
