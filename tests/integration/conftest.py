"""The sample subjects and images that are shipped, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import atpatch_core as atpatch
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images
from atpatch_core.evaluation.evaluate import Triggered, apply_trigger

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "sample_models"
SAMPLES = ROOT / "assets" / "samples"
BADNETS = MODELS / "fashion-vit-badnets"
ANYWHERE = MODELS / "fashion-vit-badnets-anywhere"
CONTROL = MODELS / "fashion-vit-clean"


@pytest.fixture(scope="session")
def badnets() -> atpatch.Subject:
    """The backdoored subject."""
    return atpatch.load(BADNETS)


@pytest.fixture(scope="session")
def control() -> atpatch.Subject:
    """The same without a backdoor."""
    return atpatch.load(CONTROL)


@pytest.fixture(scope="session")
def reviews() -> atpatch.Subject:
    """The text subject with a backdoor."""
    return atpatch.load(MODELS / "reviews-minilm-badword")


@pytest.fixture(scope="session")
def adult() -> atpatch.Subject:
    """The subject for records."""
    return atpatch.load(MODELS / "adult-tabular-sex")


@pytest.fixture(scope="session")
def clean(badnets: atpatch.Subject) -> LabelledImages:
    """The first 500 of the subject's own evaluation images."""
    whole = read_labelled_images(BADNETS / "eval" / "images.parquet", badnets.labels)
    return LabelledImages(whole.images[:500], whole.labels[:500])


@pytest.fixture(scope="session")
def triggered(clean: LabelledImages) -> Triggered:
    """The same images with the subject's own trigger."""
    trigger: Any = load_attacks(BADNETS / "eval" / "attacks.json")["badnets"]
    return apply_trigger(trigger, clean)


@pytest.fixture(scope="session")
def image(badnets: atpatch.Subject) -> Callable[[str], Any]:
    """A sample image by its name."""

    def read(name: str) -> Any:
        return badnets.read((SAMPLES / f"{name}.png").read_bytes())

    return read
