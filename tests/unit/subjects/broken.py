"""Tiny models with random weights, and the ways in which folders of models are broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil


def save_vit(folder: Path) -> Path:
    """A ViT for images of 8 x 8 pixels and three classes in Hugging Face's layout; returns its folder."""
    torch.manual_seed(0)
    config = ViTConfig(
        image_size=8,
        patch_size=4,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        id2label={0: "cat", 1: "dog", 2: "bird"},
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 8, "width": 8}).save_pretrained(folder)
    return folder


def _config(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return change


def _without(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        settings = json.loads(file.read_text())
        del settings[name]
        file.write_text(json.dumps(settings))

    return change


def _written(name: str, content: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)

    return write


def _weight(name: str, value: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "model.safetensors"
        weights = load_file(file)
        weights[name][0] = value
        save_file(weights, file, {"format": "pt"})

    return change


_NESTED = "[" * 20_000 + "]" * 20_000

# By name: what breaks a folder, and words of the sentence that is right.
BREAKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "quantised": (_config(quantization_config={"quant_method": "awq", "bits": 4}), "is quantised by awq, .* full prec"),
    "quantised-somehow": (_config(quantization_config={"bits": 4}), "is quantised, and .* in full precision"),
    "quantised-oddly": (_config(quantization_config="awq"), "is quantised, and .* in full precision"),
    "classes-from-one": (_config(id2label={"1": "a", "2": "b", "3": "c"}), "id2label .* numbers its classes 1, 2, 3"),
    "classes-by-name": (_config(id2label={"cat": "0", "dog": "1", "bird": "2"}), "id2label .* classes cat, dog, bird"),
    "classes-twice": (_config(id2label={"0": "a", "1": "b", " 1": "c"}), "id2label .* number them 0, 1, 2"),
    "classes-listed": (_config(id2label=["a", "b", "c"]), "id2label .* is no list of classes"),
    "classes-empty": (_config(id2label={}), "id2label .* is no list of classes"),
    "classes-of-nothing": (_config(id2label={"0": None, "1": "b", "2": "c"}), "id2label .* no text"),
    "classes-missing": (_without("id2label"), "weights have 3 classes, config.json names 2"),
    "not-a-number": (_weight("classifier.weight", float("nan")), r"no numbers \(in classifier.weight\)"),
    "infinite": (_weight("classifier.bias", float("inf")), r"no numbers \(in classifier.bias\)"),
    "not-a-number-inside": (
        _weight("vit.encoder.layer.1.output.dense.bias", float("nan")),
        "hold values that are no num",
    ),
    "dropout-as-text": (_config(hidden_dropout_prob="0.1"), "config.json of .* can't be used .*hidden_dropout_prob"),
    "layers-as-text": (_config(num_hidden_layers="two"), "num_hidden_layers"),
    "no-heads": (_config(num_attention_heads=0), "can't be"),
    "heads-that-do-not-fit": (_config(num_attention_heads=3), "can't be"),
    "of-another-size": (_config(hidden_size=32), "is of size .* in the weights and .* by config.json"),
    "of-another-library": (
        _config(model_type="timm_wrapper", architecture="vit_tiny_patch16_224"),
        "needs a library that is not installed",
    ),
    "nested": (_written("config.json", _NESTED), "config.json of .* is damaged"),
    "nested-processor": (_written("preprocessor_config.json", _NESTED), "can't be loaded"),
    "detector-nested": (_written("atpatch/detector.json", _NESTED), "detector"),
    "no-config-at-all": (_written("config.json", ""), "config.json of .* is damaged"),
}


def break_folder(folder: Path, how: str) -> None:
    """Break a folder that `save_vit` made, in one of the ways of `BREAKS`."""
    BREAKS[how][0](folder)
