"""Which builder makes which kind of sample subject."""

from __future__ import annotations

from pathlib import Path

from atpatch_core.subjects.subject import Subject

from .catalogue import Recipe
from .images.build import OnStep, build_image_detectors, build_image_subject
from .images.build_failures import build_expected_failure
from .images.expected_failures import FailureRecipe
from .images.fashion_mnist import load_fashion_mnist
from .images.gallery import write_gallery
from .images.training import ImageRecipe
from .records.build import build_record_subject
from .records.gallery import write_record_gallery
from .records.training import RecordRecipe
from .texts.build import build_text_subject, rebuild_text_detectors
from .texts.gallery import write_text_gallery
from .texts.movie_reviews import load_movie_reviews, split_reviews
from .texts.training import TextRecipe


def build_subject(
    recipe: Recipe | FailureRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep
) -> Path:
    """Build a sample subject into `models / recipe.name`, which is returned; see the builder of its kind."""
    if isinstance(recipe, FailureRecipe):
        return build_expected_failure(recipe, models, work, data_folder, on_step)
    if isinstance(recipe, TextRecipe):
        return build_text_subject(recipe, models, work, data_folder, on_step)
    if isinstance(recipe, RecordRecipe):
        return build_record_subject(recipe, models, work, data_folder, on_step)
    return build_image_subject(recipe, models, work, data_folder, on_step)


def rebuild_detectors(
    recipe: ImageRecipe | TextRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep
) -> Path:
    """Make detectors, figures and cards of a built sample again; the model stays as it is."""
    if isinstance(recipe, TextRecipe):
        return rebuild_text_detectors(recipe, models, work, data_folder, on_step)
    return build_image_detectors(recipe, models, work, data_folder, on_step)


def write_samples(recipe: Recipe, subject: Subject, data_folder: Path | None, folder: Path) -> None:
    """Write the sample inputs that the dashboard offers for a sample subject into `folder`."""
    if isinstance(recipe, TextRecipe):
        write_text_gallery(recipe, subject, split_reviews(load_movie_reviews(data_folder)).held_out, folder)
    elif isinstance(recipe, RecordRecipe):
        write_record_gallery(subject, folder)
    else:
        write_gallery(recipe, subject, load_fashion_mnist(data_folder)[1], folder)
