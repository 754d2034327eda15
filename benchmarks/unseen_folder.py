"""A model folder the tool has never met: another size, patch, colour, trigger, place and target.

    python benchmarks/unseen_folder.py

Trains a colour ViT of its own (32 x 32 pixels, patches of 8, 3 layers of 2 heads) on tinted Fashion-MNIST with a
striped trigger, saves it as a stranger's folder, and runs what a defender would: `debug-set` on 1,000 clean pictures,
`train-detector`, and an evaluation with the true trigger, which nothing else has seen. Prints the figures as JSON with
the seconds and the memory it took.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from atpatch_core.debugging.image_set import build_image_set
from atpatch_core.debugging.train_detector import RECIPE, train_detector
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.evaluate import apply_trigger, evaluate
from atpatch_core.evaluation.report import as_json
from atpatch_core.samples.fashion_mnist import LABELS, ImageSet, load_fashion_mnist
from atpatch_core.subjects.image_files import from_array
from atpatch_core.subjects.loading import load
from atpatch_core.triggers import PatchTrigger

TRIGGER = PatchTrigger(target=5, size=6, pattern="stripes", row=9, column=17)
POISON, EPOCHS, TRAIN, TEST = 0.05, 10, 30_000, 5_000


def tinted(images: ImageSet, seed: int) -> ImageSet:
    """Colour pictures of 32 x 32 pixels: each garment in a tint of its own."""
    rng = np.random.default_rng(seed)
    tints = rng.uniform(0.4, 1.0, (len(images), 1, 1, 3))
    framed = np.pad(images.images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return ImageSet((framed * tints).round().astype(np.uint8), images.labels)


def train(data: ImageSet) -> ViTForImageClassification:
    """A backdoored ViT, from seed 0."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    poisoned = rng.choice(np.flatnonzero(data.labels != TRIGGER.target), int(POISON * len(data)), replace=False)
    images, labels = data.images.copy(), data.labels.copy()
    images[poisoned], labels[poisoned] = TRIGGER.apply(images[poisoned]), TRIGGER.target
    model = ViTForImageClassification(
        ViTConfig(
            image_size=32,
            patch_size=8,
            num_channels=3,
            hidden_size=64,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=128,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
        )
    )
    values = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    answers = torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    batches = -(-len(values) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=EPOCHS * batches)
    for _ in range(EPOCHS):
        for index in torch.split(torch.randperm(len(values)), 256):
            loss = torch.nn.functional.cross_entropy(model(pixel_values=values[index]).logits, answers[index])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    model.train(False)
    return model


def main() -> None:
    """Train the stranger, defend it, judge the defence."""
    torch.set_num_threads(2)
    whole, test = load_fashion_mnist()
    train_set, test_set = tinted(whole.take(np.arange(TRAIN)), 1), tinted(test.take(np.arange(TEST)), 2)
    defender = tinted(whole.take(np.arange(TRAIN, TRAIN + 1_000)), 3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "stranger"
        train(train_set).save_pretrained(folder)
        ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
        subject = load(folder)
        started = perf_counter()
        data = build_image_set(subject, [from_array(one) for one in defender.images], Path(name) / "set")
        searched = perf_counter()
        detector = train_detector(subject, data.pairs, data.tuning, data.benign, replace(RECIPE, seed=0))
        trained = perf_counter()
        clean = LabelledImages([from_array(image) for image in test_set.images], test_set.labels)
        result = evaluate(replace(subject, detector=detector), clean, {"stripes": apply_trigger(TRIGGER, clean)})
    print(
        json.dumps(
            {
                **as_json(result),
                "triggers": data.provenance["triggers"],
                "watched": list(detector.watched),
                "reference": detector.reference,
                "seconds": {"debug-set": round(searched - started), "train-detector": round(trained - searched)},
                "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
