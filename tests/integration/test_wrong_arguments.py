"""What a program may pass by mistake: each gets one sentence, and none an error of somebody else's code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import atpatch_core as atpatch
from atpatch_core import Column

from .conftest import BADNETS, SAMPLES

_IMAGE = Image.new("L", (28, 28), 90)
_COLUMNS: dict[str, Any] = {
    "none": None,
    "one": Column(0, 0, 1),
    "number": 5,
    "text": "abc",
    "tuple": [(0, 0, 1)],
    "text as layer": [Column("0", 0, 0)],  # type: ignore[arg-type]
    "float": [Column(0.0, 0, 0)],  # type: ignore[arg-type]
    "yes": [Column(True, 0, 0)],
    "below zero": [Column(0, -1, 0)],
    "no such layer": [Column(10**30, 0, 0)],
    "no such key": [Column(0, 0, 10**6)],
}
_THRESHOLDS: dict[str, Any] = {
    "text": "0.5",
    "list": ["good"],
    "too large": 10**400,
    "larger than can be printed": 10**5000,
    "below zero": -0.1,
    "nan": float("nan"),
    "infinite": float("inf"),
    "complex": 1j,
    "yes": True,
    "tensor": torch.tensor(0.5),
    "array": np.array([0.5]),
}
_NO_IMAGES: dict[str, Any] = {
    "none": None,
    "array": np.zeros((28, 28)),
    "nothing": [],
    "two": [_IMAGE, _IMAGE],
    "tuple": (_IMAGE,),
    "nested": [[_IMAGE]],
    "empty": Image.new("L", (0, 0)),
    "floats": Image.fromarray(np.full((28, 28), np.nan, dtype=np.float32)),
    "whole numbers": Image.new("I", (28, 28)),
    "lab": Image.new("LAB", (28, 28)),
}
_NO_TEXTS: dict[str, Any] = {
    "none": None,
    "bytes": b"good film",
    "nothing": [],
    "two": ["good film", "bad film"],
    "nested": [["good film"]],
    "half a character": "good \ud800 film",
}


def _named(values: dict[str, Any]) -> Any:
    return pytest.mark.parametrize("wrong", values.values(), ids=values.keys())


@_named(_COLUMNS)
def test_columns(badnets: atpatch.Subject, wrong: Any) -> None:
    for look in (
        lambda: atpatch.inspect(badnets, _IMAGE, columns=wrong),
        lambda: atpatch.causal_check(badnets, _IMAGE, wrong),
    ):
        with pytest.raises(atpatch.AtPatchError):
            look()
    with pytest.raises(atpatch.AtPatchError), atpatch.hotfix(badnets, columns=wrong):
        badnets.model(**badnets.encode(_IMAGE))


@_named(_THRESHOLDS)
def test_thresholds(badnets: atpatch.Subject, wrong: Any) -> None:
    with pytest.raises(atpatch.DetectorError, match="A threshold is a number from 0 up"):
        atpatch.inspect(badnets, _IMAGE, wrong)
    if wrong != float("inf"):  # with which a detector only scores
        with pytest.raises(atpatch.DetectorError, match="A threshold is a number from 0 up"):
            atpatch.hotfix(badnets, threshold=wrong)


@pytest.mark.parametrize("right", [np.float32(0.5), np.float64(0.5), 1, 0.5])
def test_numbers_of_other_libraries_are_numbers(badnets: atpatch.Subject, right: Any) -> None:
    by_hand = [Column(np.int64(0), np.int64(1), np.int64(3))]  # type: ignore[arg-type]
    result = atpatch.inspect(badnets, _IMAGE, right, (column for column in by_hand))  # type: ignore[arg-type]
    assert Column(0, 1, 3) in result.flags.columns
    assert result.flags.threshold == float(right)


@_named(_NO_IMAGES)
def test_images(badnets: atpatch.Subject, wrong: Any) -> None:
    for look in (atpatch.inspect, lambda *given: atpatch.causal_check(*given, [])):
        with pytest.raises(atpatch.InputError):
            look(badnets, wrong)


@_named(_NO_TEXTS)
def test_texts(reviews: atpatch.Subject, wrong: Any) -> None:
    for look in (atpatch.inspect, lambda *given: atpatch.causal_check(*given, [])):
        with pytest.raises(atpatch.InputError):
            look(reviews, wrong)


def test_a_list_of_one_input_is_that_input(badnets: atpatch.Subject, reviews: atpatch.Subject) -> None:
    for subject, one in ((badnets, _IMAGE), (reviews, "a good film")):
        alone, listed = atpatch.inspect(subject, one), atpatch.inspect(subject, [one])
        assert torch.equal(alone.original.prediction.probabilities, listed.original.prediction.probabilities)
        assert listed.layout == alone.layout


@pytest.mark.parametrize("wrong", ["text", None, 5])
def test_files_and_inputs_of_another_kind(
    badnets: atpatch.Subject, reviews: atpatch.Subject, adult: atpatch.Subject, wrong: Any
) -> None:
    for subject in (badnets, reviews, adult):
        with pytest.raises(atpatch.InputError, match="Pass the bytes of a file"):
            subject.read(wrong)
        if not (subject is reviews and isinstance(wrong, str)):
            with pytest.raises(atpatch.InputError):
                subject.write(wrong)
    assert reviews.read(bytearray(b"a good film")) == "a good film"


@pytest.mark.parametrize("wrong", [None, "sample_models/fashion-vit-badnets", 5])
def test_what_is_no_subject(wrong: Any) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: atpatch.inspect(wrong, _IMAGE),
        lambda: atpatch.causal_check(wrong, _IMAGE, []),
        lambda: atpatch.hotfix(wrong),
        lambda: atpatch.capture(wrong).__enter__(),
    ]
    for call in calls:
        with pytest.raises(atpatch.AtPatchError):
            call()


@pytest.mark.parametrize("wrong", ["0", 0, [1.5], [True], [99], [-1]])
def test_layers_to_capture(badnets: atpatch.Subject, wrong: Any) -> None:
    with pytest.raises(atpatch.HotfixError), atpatch.capture(badnets.model, wrong):
        pass


def test_detectors_and_formulas(badnets: atpatch.Subject) -> None:
    for wrong in ("abc", object()):
        with pytest.raises(atpatch.DetectorError, match="This is no detector"):
            atpatch.hotfix(badnets, wrong)  # type: ignore[arg-type]
    with pytest.raises(atpatch.HotfixError, match="A formula is a function"):
        atpatch.hotfix(badnets, formula=None)  # type: ignore[arg-type]


def test_samples_are_still_what_they_were(badnets: atpatch.Subject) -> None:
    with Image.open(SAMPLES / "bag-triggered.png") as image:
        assert atpatch.inspect(badnets, image).flags.any


@pytest.mark.parametrize("wrong", [None, 5, b"models", "a" * 5_000, "a\0b"], ids=["none", "5", "bytes", "long", "nul"])
def test_folders(wrong: Any) -> None:
    for call in (atpatch.load, atpatch.list_subjects):
        with pytest.raises(atpatch.SubjectError):
            call(wrong)


def test_versions() -> None:
    with pytest.raises(atpatch.DetectorError, match="named by a text"):
        atpatch.load(BADNETS, 3)  # type: ignore[arg-type]
