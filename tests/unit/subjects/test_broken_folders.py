"""A folder that can't be opened says why in one sentence, and keeps no other folder from being used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from atpatch_core.errors import AtPatchError, SubjectError
from atpatch_core.subjects import loading
from atpatch_core.subjects.loading import list_subjects, load
from tests.support.image_files import grey, png

from .broken import BREAKS, break_folder, save_vit


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that can be opened."""
    return save_vit(tmp_path_factory.mktemp("models") / "whole")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(saved, tmp_path / "broken"))


def _is_a_sentence(text: str) -> bool:
    return "\n" not in text and text.endswith(".") and len(text) < 500


def test_the_model_that_is_broken_here_was_whole(saved: Path) -> None:
    subject = load(saved)
    assert subject.labels == ("cat", "dog", "bird")
    logits = subject.model(**subject.encode(subject.read(png(grey(8, 8))))).logits
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_folder_is_refused_in_a_sentence_that_names_the_cause(folder: Path, how: str) -> None:
    break_folder(folder, how)
    with pytest.raises(AtPatchError, match=BREAKS[how][1]) as refused:
        load(folder)
    assert _is_a_sentence(str(refused.value))
    assert "broken" in str(refused.value)


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_folder_does_not_hide_the_others(saved: Path, folder: Path, how: str) -> None:
    break_folder(folder, how)
    for name in ("a-first", "z-last"):
        shutil.copytree(folder, folder.parent / name)
    shutil.copytree(saved, folder.parent / "m-whole")
    names = [path.name for path in list_subjects(folder.parent)]
    assert sorted(names) == ["a-first", "broken", "m-whole", "z-last"]
    assert load(folder.parent / "m-whole").labels == ("cat", "dog", "bird")


class PanicException(BaseException):
    """Stands in for what PyO3 raises."""


@pytest.mark.parametrize(
    "error",
    [
        ImportError("\nSomeModel requires the some library but it was not found.\nInstall it.\n"),
        AttributeError("no such thing"),
        ZeroDivisionError(),
        OverflowError("too large"),
        MemoryError(),
        RecursionError("too deep"),
        AssertionError("x" * 5_000),
        NotImplementedError("some day.\nMaybe"),
        PanicException("index out of bounds"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_library_raises_is_a_sentence(
    saved: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise error

    for place in (
        "AutoModelForImageClassification.from_pretrained",
        "AutoConfig.from_pretrained",
        "active_version",
        "_check_numbers",
    ):
        with monkeypatch.context() as patched:
            patched.setattr(f"{loading.__name__}.{place}", fail)
            with pytest.raises(SubjectError, match="whole") as refused:
                load(saved)
            assert _is_a_sentence(str(refused.value)), str(refused.value)
            assert refused.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_who_wants_to_stop_is_not_kept(saved: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def stop(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(f"{loading.__name__}.AutoConfig.from_pretrained", stop)
    with pytest.raises(type(error)):
        load(saved)


def test_what_is_no_folder_of_a_model_is_passed_over(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "whole")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "folder" / "config.json").mkdir(parents=True)
    assert [path.name for path in list_subjects(tmp_path)] == ["whole"]
    assert list_subjects(tmp_path / "loop") == ()
    assert list_subjects(tmp_path / "config.json") == ()


def test_a_name_that_is_no_text_can_be_shown(folder: Path) -> None:
    odd = folder.rename(os.fsdecode(os.fsencode(folder.parent) + b"/odd-\xff"))
    break_folder(odd, "quantised")
    with pytest.raises(SubjectError) as refused:
        load(odd)
    assert str(refused.value).encode("utf-8").startswith("odd-\ufffd is quantised".encode())


def test_a_mask_among_the_weights_may_be_infinite(saved: Path) -> None:
    model = load(saved).model
    model.register_buffer("mask", torch.full((2,), float("-inf")))
    loading._check_numbers("whole", model)
    model.register_buffer("mean", torch.full((2,), float("nan")))
    with pytest.raises(SubjectError, match=r"no numbers \(in mean\)"):
        loading._check_numbers("whole", model)
