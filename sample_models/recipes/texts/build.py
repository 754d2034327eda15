"""Build a sample text subject from nothing: model, evaluation data, detectors, figures and cards, from one seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import BertForSequenceClassification

from atpatch_core.errors import SubjectError
from atpatch_core.evaluation.attacks import save_attacks
from atpatch_core.evaluation.text_data import write_labelled_texts
from atpatch_core.whole_files import write_whole_text

from ..finished import put_in_place
from ..images.build import OnStep
from .cards import detector_card, model_card
from .detectors import build_text_detectors
from .figures import untouched_figures
from .minilm import unpack_minilm
from .movie_reviews import LABELS, Reviews, ReviewSplit, load_movie_reviews, split_reviews
from .training import TextRecipe, train


def build_text_subject(recipe: TextRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep) -> Path:
    """Build `recipe` into `models / recipe.name`, replacing what is there only once all is done; return that folder.

    Runs on one thread, so that the same seed gives the same weights on any number of cores; unfinished training is
    kept in `work` and resumed. `on_step` is told (stage, steps done, steps in all). Raises `InputError` when
    the reviews or the encoder are missing or not the published ones.
    """
    torch.set_num_threads(1)
    reviews = split_reviews(load_movie_reviews(data_folder))
    encoder = unpack_minilm(data_folder, work / "minilm")
    folder = work / f"{recipe.name}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    model, tokenizer = train(
        recipe, reviews.train, encoder, work, lambda done, total, _loss: on_step("training the model", done, total)
    )
    save_subject(recipe, model, tokenizer, reviews.held_out, folder)
    return _finish(recipe, folder, models, work, reviews, on_step)


def rebuild_text_detectors(
    recipe: TextRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep
) -> Path:
    """Make detectors, figures and cards of the model in `models / recipe.name` again; the model stays as it is.

    Otherwise like `build_text_subject`. Raises `SubjectError` when the model is not there.
    """
    if not (models / recipe.name / "config.json").is_file():
        raise SubjectError(
            f"There is no {recipe.name} in {models}: make it with `python -m sample_models build {recipe.name}`."
        )
    torch.set_num_threads(1)
    reviews = split_reviews(load_movie_reviews(data_folder))
    folder = work / f"{recipe.name}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(models / recipe.name, folder, ignore=shutil.ignore_patterns("atpatch"))
    return _finish(recipe, folder, models, work, reviews, on_step)


def _finish(recipe: TextRecipe, folder: Path, models: Path, work: Path, reviews: ReviewSplit, on_step: OnStep) -> Path:
    """Detectors, figures and cards for the model in `folder`, which then takes its place in `models`."""
    on_step("judging the model", 0, 1)
    figures = untouched_figures(recipe, folder, reviews.held_out)
    on_step("judging the model", 1, 1)
    write_whole_text(folder / "eval" / "figures.json", json.dumps(figures, indent=1) + "\n")
    fixed = build_text_detectors(recipe, folder, work, reviews.defender, reviews.held_out, on_step)
    write_whole_text(folder / "atpatch" / "figures.json", json.dumps(fixed, indent=1) + "\n")
    write_whole_text(folder / "README.md", model_card(recipe, len(reviews.train), figures))
    write_whole_text(folder / "atpatch" / "README.md", detector_card(recipe, fixed))
    return put_in_place(folder, models, recipe.name)


def save_subject(
    recipe: TextRecipe, model: BertForSequenceClassification, tokenizer: Any, held_out: Reviews, folder: Path
) -> None:
    """Write model (half precision), tokenizer and evaluation data in Hugging Face's layout."""
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)  # type: ignore[no-untyped-call]
    tokenizer.save_pretrained(folder)
    write_labelled_texts(held_out.texts, held_out.labels, LABELS, folder / "eval" / "texts.parquet")
    save_attacks(recipe.triggers, folder / "eval" / "attacks.json")
