"""A sample model takes its place only once all of it is done, and can get its detectors anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from atpatch_core.errors import SubjectError
from atpatch_core.triggers.patch import PatchTrigger
from sample_models.recipes import builders
from sample_models.recipes.builders import build_subject, rebuild_detectors
from sample_models.recipes.images.recipe import ImageRecipe
from sample_models.recipes.places import Places
from sample_models.recipes.steps import OnStep

_RECIPE = ImageRecipe("tiny", "", PatchTrigger(target=0), poison_rate=0.0)


def _train(recipe: ImageRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    assert not folder.exists()
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(f"trained into {folder.name}")
    on_step("training", 1, 1)


def _detect(recipe: ImageRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    (folder / "atpatch").mkdir()
    (folder / "atpatch" / "detector.json").write_text("made")
    on_step("detecting", 1, 1)


def _nobody(_stage: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Folders, and a kind of model that is made at once."""
    monkeypatch.setitem(builders._KINDS, ImageRecipe, (_train, _detect))
    return Places(tmp_path / "models", tmp_path / "work")


def test_a_model_is_trained_and_gets_its_detector_and_takes_its_place(places: Places) -> None:
    stages: list[str] = []
    folder = build_subject(_RECIPE, places, lambda stage, done, total: stages.append(stage))
    assert stages == ["training", "detecting"]
    assert folder == places.models / "tiny"
    assert (folder / "config.json").read_text() == "trained into tiny"
    assert (folder / "atpatch" / "detector.json").read_text() == "made"
    assert not (places.work / "unfinished" / "tiny").exists()


def test_until_all_is_done_the_model_of_before_stays(places: Places) -> None:
    before = build_subject(_RECIPE, places, _nobody)
    (before / "config.json").write_text("of before")

    def killed(stage: str, _done: int, _total: int) -> None:
        if stage == "detecting":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_subject(_RECIPE, places, killed)
    assert (before / "config.json").read_text() == "of before"
    build_subject(_RECIPE, places, _nobody)
    assert (before / "config.json").read_text() == "trained into tiny"


def test_new_detectors_leave_the_model_as_it_is(places: Places) -> None:
    folder = build_subject(_RECIPE, places, _nobody)
    (folder / "config.json").write_text("as it is")
    (folder / "atpatch" / "old.json").write_text("old")
    assert rebuild_detectors(_RECIPE, places, _nobody) == folder
    assert (folder / "config.json").read_text() == "as it is"
    assert [path.name for path in (folder / "atpatch").iterdir()] == ["detector.json"]


def test_new_detectors_need_a_model(places: Places) -> None:
    with pytest.raises(SubjectError, match="python -m sample_models build tiny"):
        rebuild_detectors(_RECIPE, places, _nobody)
