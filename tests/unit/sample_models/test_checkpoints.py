"""Unfinished training is taken up where it was, but only if it is the same training."""

from __future__ import annotations

from pathlib import Path

import torch

from sample_models.recipes.checkpoints import Checkpoint


def kept(folder: Path, recipe: object, value: float) -> tuple[Checkpoint, torch.nn.Linear]:
    model = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(model.weight, value)
    return Checkpoint(folder / "one.checkpoint.pt", {"model": model}, recipe), model


def test_a_killed_training_is_taken_up_where_it_was(tmp_path: Path) -> None:
    kept(tmp_path, "5 epochs", 3.0)[0].keep(2)
    again, model = kept(tmp_path, "5 epochs", 0.0)
    assert again.restore() == 2
    assert model.weight.item() == 3.0


def test_what_another_recipe_left_is_not_taken_up(tmp_path: Path) -> None:
    kept(tmp_path, "5 epochs", 3.0)[0].keep(2)
    changed, model = kept(tmp_path, "6 epochs", 0.0)
    assert changed.restore() == 0
    assert model.weight.item() == 0.0


def test_without_a_checkpoint_training_begins_at_nothing(tmp_path: Path) -> None:
    assert kept(tmp_path, "5 epochs", 0.0)[0].restore() == 0
