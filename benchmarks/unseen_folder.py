"""Model folders the tool has never met: other sizes, patches, colours, triggers, places and targets.

    python -m benchmarks.unseen_folder          # all of them, or: python -m benchmarks.unseen_folder stripes

Trains colour ViTs of its own on tinted Fashion-MNIST with a trigger of their own, saves each as a stranger's folder,
and runs what a defender would: `debug-set` on 1,000 clean images and `train-detector`. Judges with the true trigger,
which nothing else has seen, beside an oracle that is told the trigger's columns. Prints the figures as JSON with the
seconds and the memory it took. With `--work DIR` model, debugging set and detector stay there, and what is there is not
made again: a run that was killed goes on.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from atpatch_core import Subject, load
from atpatch_core.debugging.image_lesson import RECIPE
from atpatch_core.debugging.image_set import build_image_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.evaluation.choosing import chosen
from atpatch_core.evaluation.comparison import compare
from atpatch_core.evaluation.comparison_report import rows
from atpatch_core.evaluation.defences.catalogue import IMAGE_DEFENCES
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.triggers.patch import PatchTrigger
from benchmarks.make_results import labelled
from sample_models.recipes.images.fashion_mnist import LABELS, ImageSet, load_fashion_mnist


@dataclass(frozen=True)
class Stranger:
    """A model to be trained, and the backdoor in it; sizes in pixels."""

    side: int
    patch: int
    layers: int
    heads: int
    trigger: PatchTrigger


STRANGERS = {
    "stripes": Stranger(32, 8, 3, 2, PatchTrigger(target=5, size=6, pattern="stripes", row=9, column=17)),
    "checkerboard": Stranger(36, 6, 4, 4, PatchTrigger(target=8, size=5, pattern="checkerboard", row=2, column=25)),
}
POISON, EPOCHS, TRAIN, TEST = 0.05, 10, 30_000, 5_000
FIGURES = ("asr_after", "excess_asr", "clean_accuracy_drop", "recovery", "fpr_per_input", "tpr_per_input", "auroc")


def tinted(images: ImageSet, side: int, seed: int) -> ImageSet:
    """Colour images of `side` x `side` pixels: each garment in a tint of its own."""
    rng = np.random.default_rng(seed)
    tints = rng.uniform(0.4, 1.0, (len(images), 1, 1, 3))
    frame = (side - images.images.shape[1]) // 2
    framed = np.pad(images.images, ((0, 0), (frame, frame), (frame, frame), (0, 0)))
    return ImageSet((framed * tints).round().astype(np.uint8), images.labels)


def train(stranger: Stranger, data: ImageSet) -> ViTForImageClassification:
    """A backdoored ViT, from seed 0."""
    torch.manual_seed(0)
    trigger = stranger.trigger
    rng = np.random.default_rng(0)
    poisoned = rng.choice(np.flatnonzero(data.labels != trigger.target), int(POISON * len(data)), replace=False)
    images, labels = data.images.copy(), data.labels.copy()
    images[poisoned], labels[poisoned] = trigger.apply(images[poisoned]), trigger.target
    model = ViTForImageClassification(
        ViTConfig(
            image_size=stranger.side,
            patch_size=stranger.patch,
            num_channels=3,
            hidden_size=64,
            num_hidden_layers=stranger.layers,
            num_attention_heads=stranger.heads,
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


def save(stranger: Stranger, data: ImageSet, folder: Path) -> Subject:
    """The trained model in a folder of its own, opened as any other."""
    if not (folder / "preprocessor_config.json").exists():
        train(stranger, data).save_pretrained(folder)
        ViTImageProcessorPil(size={"height": stranger.side, "width": stranger.side}).save_pretrained(folder)
    return load(folder)


def defended(stranger: Stranger, work: Path) -> dict[str, Any]:
    """Train the stranger, defend it, judge the defence."""
    whole, test = load_fashion_mnist()
    subject = save(stranger, tinted(whole.take(np.arange(TRAIN)), stranger.side, 1), work / "stranger")
    clean = labelled(tinted(test.take(np.arange(TEST)), stranger.side, 2))
    defender = labelled(tinted(whole.take(np.arange(TRAIN, TRAIN + 1_000)), stranger.side, 3))
    started = perf_counter()
    data = build_image_set(subject, defender.images, work / "set")
    searched = perf_counter()
    folder = work / "stranger" / "atpatch"
    if not folder.exists():
        save_detector(
            train_detector(subject, data.pairs, data.tuning, data.benign, replace(RECIPE, seed=0)),
            folder,
        )
    detector = load_detector(folder)
    trained = perf_counter()
    protected = replace(subject, detector=detector)
    methods = chosen("no-fix,atpatch,oracle", IMAGE_DEFENCES, "defence")
    attacks = {"own": partial(apply_trigger, stranger.trigger)}
    comparison = compare(protected, methods, clean, attacks, defender, 0.001)
    return {
        "test_images": len(clean),
        "defences": {
            row.defence: {name: None if (rate := row.rates[name]) is None else round(rate.value, 4) for name in FIGURES}
            for row in rows(comparison, "own")
        },
        "triggers": data.provenance["triggers"],
        "watched": list(detector.watched),
        "jointly": detector.reach is not None,
        "grown": None if detector.growth is None else {"layers": detector.growth.layers, "fall": detector.growth.fall},
        "reference": detector.reference,
        "seconds": {"debug-set": round(searched - started), "train-detector": round(trained - searched)},
    }


def main() -> None:
    """Print what came of every stranger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*STRANGERS, []], help="default: all")
    parser.add_argument("--work", type=Path, help="folder to keep everything in; by default nothing is kept")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    found: dict[str, Any] = {}
    for name in asked.names or STRANGERS:
        with tempfile.TemporaryDirectory() as passing:
            work = (asked.work or Path(passing)) / name
            work.mkdir(parents=True, exist_ok=True)
            found[name] = defended(STRANGERS[name], work)
    found["memory_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
