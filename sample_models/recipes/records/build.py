"""Build a sample model for records: train it, save it with its evaluation data, and give it detector and cards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from transformers import BertForSequenceClassification

from atpatch_core.evaluation.record_data import LabelledRecords, write_labelled_records
from atpatch_core.subjects.loading import load
from atpatch_core.subjects.record_schema import RecordSchema, save_schema

from ..cards import write_cards
from ..places import Places
from ..steps import OnStep, epochs_as_steps
from .adult import LABELS, load_adult
from .cards import record_detector_card, record_model_card
from .detectors import build_detectors
from .split import split_records
from .training import RecordRecipe, train

EVAL_RECORDS = 2_000


def make_record_model(recipe: RecordRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Train `recipe` and save the model into `folder`."""
    schema, data = load_adult(places.data)
    split = split_records(data)
    model = train(recipe, schema, split.training, places.work, epochs_as_steps(on_step))
    save_subject(model, schema, split.held_out, folder)


def finish_record_model(recipe: RecordRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Make the detector, figures and cards for the model in `folder`."""
    split = split_records(load_adult(places.data)[1])
    figures = build_detectors(load(folder), split, places.work / f"{recipe.name}.detectors", on_step)
    write_cards(folder, figures, record_model_card(recipe, figures), record_detector_card(recipe, figures))


def save_subject(
    model: BertForSequenceClassification, schema: RecordSchema, held_out: LabelledRecords, folder: Path
) -> None:
    """Write model (half precision), schema and the first held-out records in Hugging Face's layout."""
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)  # type: ignore[no-untyped-call]
    save_schema(schema, folder)
    shown = held_out.take(np.arange(EVAL_RECORDS))
    write_labelled_records(shown, LABELS, folder / "eval" / "records.parquet")
