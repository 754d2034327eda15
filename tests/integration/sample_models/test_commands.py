"""`python -m sample_models`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atpatch_core.subjects.loading import list_subjects

from ..cli.conftest import Finished
from ..conftest import MODELS, ROOT


def test_the_list_says_what_is_built(run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    listed = {entry["name"]: entry for entry in run("list", "--json").json}
    assert listed["fashion-vit-badnets"]["built"] is True
    assert listed["fashion-vit-clean"]["built"] is True
    assert all(entry["summary"] for entry in listed.values())
    assert {folder.name for folder in MODELS.iterdir() if (folder / "config.json").is_file()} == {
        name for name, entry in listed.items() if entry["built"]
    }
    assert "fashion-vit-badnets" in run("list").out


def test_elsewhere_nothing_is_built(run: Callable[..., Finished], tmp_path: Path) -> None:
    assert not any(entry["built"] for entry in run("list", "--models", tmp_path, "--json").json)


def test_an_unknown_sample_is_refused_with_those_there_are(refuse: Callable[..., str]) -> None:
    assert "fashion-vit-badnets" in refuse("build", "nothing")


def test_missing_training_data_are_refused_with_where_to_get_them(refuse: Callable[..., str], tmp_path: Path) -> None:
    sentence = refuse("build", "fashion-vit-badnets", "--data-dir", tmp_path, "--models", tmp_path, "--work", tmp_path)
    assert "Fashion-MNIST" in sentence or "fashion-mnist" in sentence
    assert not (tmp_path / "fashion-vit-badnets").exists()


def test_without_a_command_there_is_help(run: Callable[..., Finished]) -> None:
    shown = run()
    assert "Commands" in shown.out + shown.error


def test_what_is_beside_the_models_is_no_model() -> None:
    names = {folder.name for folder in list_subjects(MODELS)}
    assert names == {folder.name for folder in MODELS.iterdir() if "-" in folder.name}


def test_samples_without_detectors_to_make_again_are_refused(refuse: Callable[..., str]) -> None:
    assert "for images or texts" in refuse("detectors", "adult-tabular-sex")


def test_a_gallery_of_nothing_is_refused(refuse: Callable[..., str]) -> None:
    assert "fashion-vit-badnets" in refuse("gallery", "nothing")
