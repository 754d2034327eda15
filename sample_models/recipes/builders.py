"""Build a sample model from nothing: model, evaluation data, detectors, figures and cards, from one seed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from atpatch_core.subjects.subject import Subject

from .catalogue import Recipe
from .images.build import finish_image_model, make_image_model
from .images.build_failures import finish_expected_failure, make_expected_failure
from .images.fashion_mnist import load_fashion_mnist
from .images.gallery import write_image_gallery
from .images.recipe import FailureRecipe, ImageRecipe
from .places import Places
from .records.build import finish_record_model, make_record_model
from .records.gallery import write_record_gallery
from .records.training import RecordRecipe
from .steps import OnStep
from .texts.build import finish_text_model, make_text_model
from .texts.gallery import write_text_gallery
from .texts.movie_reviews import load_movie_reviews, split_reviews
from .texts.training import TextRecipe
from .training import TrainingRecipe

_Stage = Callable[[Any, Path, Places, OnStep], None]
_KINDS: dict[type[TrainingRecipe], tuple[_Stage, _Stage]] = {
    ImageRecipe: (make_image_model, finish_image_model),
    TextRecipe: (make_text_model, finish_text_model),
    RecordRecipe: (make_record_model, finish_record_model),
    FailureRecipe: (make_expected_failure, finish_expected_failure),
}  # what trains and saves the model, and what then adds detectors, figures and cards


def build_subject(recipe: Recipe | FailureRecipe, places: Places, on_step: OnStep) -> Path:
    """Build `recipe` into its folder in `places.models`, replacing what is there only once all is done; return it.

    Runs on one thread, so that the same seed gives the same weights on any number of cores; a killed run resumes from
    what is in `places.work`. `on_step` is told (stage, steps done, steps in all).

    Raises:
        InputError: the data are missing or not the published ones.
        SubjectError: the sample that an expected failure begins with is not there.
    """
    torch.set_num_threads(1)
    make, _ = _KINDS[type(recipe)]
    folder = places.unfinished(recipe.name)
    make(recipe, folder, places, on_step)
    return _finish(recipe, folder, places, on_step)


def rebuild_detectors(recipe: Recipe, places: Places, on_step: OnStep) -> Path:
    """Make detectors, figures and cards of a built sample again; the model stays as it is.

    Otherwise like `build_subject`. Raises `SubjectError` when the model is not there.
    """
    torch.set_num_threads(1)
    built, folder = places.built(recipe.name), places.unfinished(recipe.name)
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns("atpatch"))
    return _finish(recipe, folder, places, on_step)


def _finish(recipe: Recipe | FailureRecipe, folder: Path, places: Places, on_step: OnStep) -> Path:
    """Detectors, figures and cards for the model in `folder`, which then takes its place."""
    _, finish = _KINDS[type(recipe)]
    finish(recipe, folder, places, on_step)
    return places.put_in_place(folder)


def write_samples(recipe: Recipe, subject: Subject, data_folder: Path | None, folder: Path) -> None:
    """Write the sample inputs that the dashboard offers for a sample model into `folder`."""
    if isinstance(recipe, TextRecipe):
        write_text_gallery(recipe, subject, split_reviews(load_movie_reviews(data_folder)).held_out, folder)
    elif isinstance(recipe, RecordRecipe):
        write_record_gallery(subject, folder)
    else:
        write_image_gallery(recipe, subject, load_fashion_mnist(data_folder)[1], folder)
