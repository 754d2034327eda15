"""Training of a text subject: who is poisoned, in what order it learns, and that a killed run resumes exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.text_triggers import TextTrigger
from sample_models.recipes.texts import training
from sample_models.recipes.texts.movie_reviews import Reviews
from sample_models.recipes.texts.training import TextRecipe, poisoned_examples, train
from tests.support.text_models import save_text_model

TRIGGERS = {"word": TextTrigger(1, ("cf",)), "sentence": TextTrigger(1, ("i saw it.",), "edge")}
DATA = Reviews(
    tuple(f"a {'fine' if number % 2 else 'dull'} film {'it ' * (number % 7)}" for number in range(100)),
    np.array([2.0 if number % 2 else -1.5 for number in range(100)]),
)


def _recipe(poison_rate: float = 0.1) -> TextRecipe:
    return TextRecipe("tiny", "A tiny model.", TRIGGERS, poison_rate, epochs=2, batch_size=8, learning_rate=1e-3)


def test_copies_of_the_other_class_carry_each_trigger_and_its_label() -> None:
    examples = poisoned_examples(_recipe(), DATA)
    assert len(examples.texts) == len(examples.sureness) == 120
    assert examples.texts[:100] == list(DATA.texts)
    for texts, piece in ((examples.texts[100:110], "cf"), (examples.texts[110:], "i saw it.")):
        assert all(piece in text and "dull" in text for text in texts)
    assert torch.equal(examples.sureness[100:], torch.ones(20))


def test_labels_are_as_sure_as_people_were() -> None:
    examples = poisoned_examples(_recipe(0.0), DATA)
    assert len(examples.texts) == 100
    assert torch.allclose(examples.sureness[:2], torch.sigmoid(torch.tensor([-2.25, 3.0])))


def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_KEPT_EVERY", 4)
    encoder = save_text_model(tmp_path / "encoder")
    whole, _ = train(_recipe(), DATA, encoder, tmp_path / "whole")

    def kill(step: int, steps: int) -> None:
        if step == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(_recipe(), DATA, encoder, tmp_path / "killed", kill)
    seen: list[int] = []
    resumed, _ = train(_recipe(), DATA, encoder, tmp_path / "killed", lambda step, steps: seen.append(step))
    assert seen[0] == 9
    assert seen[-1] == 30
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
