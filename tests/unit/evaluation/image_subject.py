"""A tiny image subject with random weights that answers every one of its classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from atpatch_core.detector.contract import ColumnDetector
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.subjects.image import ImageAdapter
from atpatch_core.subjects.image_files import from_array
from atpatch_core.subjects.subject import Subject
from tests.support.tiny_models import build


def image_subject(detector: ColumnDetector | None = None) -> Subject:
    """Three classes, all of them in use; images of 8 x 8 grey pixels in 4 x 4 patches; 3 layers of 4 heads."""
    processor = ViTImageProcessorPil(
        size={"height": 8, "width": 8}, image_mean=[0.5], image_std=[0.5], do_convert_rgb=False
    )
    adapter = ImageAdapter(processor, 1, (4, 4))
    model: Any = build("vit")
    with torch.no_grad():
        logits = model(**adapter.encode(_random(200, seed=9))).logits
        # A random classifier likes one class; standardised, it knows three.
        model.classifier.weight /= logits.std(0)[:, None]
        model.classifier.bias.copy_((model.classifier.bias - logits.mean(0)) / logits.std(0))
    return Subject("tiny", Path(), model, adapter, ("a", "b", "c"), detector, "")


def random_images(count: int, seed: int = 0) -> LabelledImages:
    """Random images, labelled by what the untouched subject calls them."""
    images = _random(count, seed)
    subject = image_subject()
    with torch.no_grad():
        labels = subject.model(**subject.encode(images)).logits.argmax(-1).numpy()
    return LabelledImages(images, labels)


def _random(count: int, seed: int) -> list[Image.Image]:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)
    return [from_array(one) for one in pixels]
