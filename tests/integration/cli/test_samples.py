"""`atpatch samples`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import MODELS, ROOT
from .conftest import Finished


def test_the_list_says_what_is_built(run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    listed = {entry["name"]: entry for entry in run("samples", "list", "--json").json}
    assert listed["fashion-vit-badnets"]["built"] is True
    assert listed["fashion-vit-clean"]["built"] is True
    assert all(entry["summary"] for entry in listed.values())
    assert {folder.name for folder in MODELS.iterdir() if (folder / "config.json").is_file()} == {
        name for name, entry in listed.items() if entry["built"]
    }
    assert "fashion-vit-badnets" in run("samples", "list").out


def test_elsewhere_nothing_is_built(run: Callable[..., Finished], tmp_path: Path) -> None:
    assert not any(entry["built"] for entry in run("samples", "list", "--models", tmp_path, "--json").json)


def test_an_unknown_sample_is_refused_with_those_there_are(refuse: Callable[..., str]) -> None:
    assert "fashion-vit-badnets" in refuse("samples", "build", "nothing")


def test_missing_training_data_are_refused_with_where_to_get_them(refuse: Callable[..., str], tmp_path: Path) -> None:
    sentence = refuse(
        "samples", "build", "fashion-vit-badnets", "--data-dir", tmp_path, "--models", tmp_path, "--work", tmp_path
    )
    assert "Fashion-MNIST" in sentence or "fashion-mnist" in sentence
    assert not (tmp_path / "fashion-vit-badnets").exists()


def test_without_a_command_there_is_help(run: Callable[..., Finished]) -> None:
    for arguments in ((), ("samples",)):
        shown = run(*arguments)
        assert "Commands" in shown.out + shown.error
