"""Save and load a detector folder: `detector.safetensors` holds the numbers, `detector.json` what a person reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ..errors import DetectorError
from ..whole_files import write_whole
from .joint import Jointly
from .reach import Reach
from .reference import KINDS
from .trained import TrainedDetector
from .variants import VARIANTS

FORMAT = 1
_KINDS = {Reach: "run", Jointly: "jointly"}


def save_detector(detector: TrainedDetector, folder: Path) -> None:
    """Write a detector into `folder`, which is made if need be. Weights are kept in half precision.

    Each file appears as a whole, and `detector.json` names the digest of the weights it belongs to: a detector that was
    only half replaced is refused. Raises `DetectorError` when the disk refuses.
    """
    tensors = {f"benign.{layer}": mean.half() for layer, mean in enumerate(detector.benign_means)}
    for layer, network in detector.networks.items():
        tensors |= {f"network.{layer}.{name}": value.half() for name, value in network.state_dict().items()}
    weights = save({name: value.contiguous() for name, value in tensors.items()})
    settings = {
        "format": FORMAT,
        "weights": hashlib.sha256(weights).hexdigest(),
        "variant": detector.variant,
        "layers": detector.layers,
        "heads": detector.heads,
        "keys": detector.keys,
        "trained_layers": sorted(detector.networks),
        "watched": list(detector.watched),
        "threshold": detector.threshold,
        "reference": detector.reference,
        "reach": None if detector.reach is None else {"kind": _KINDS[type(detector.reach)], **asdict(detector.reach)},
        "alongside": detector.alongside,
        "model": detector.fingerprint,
        "history": dict(detector.history),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (
            ("detector.safetensors", weights),
            ("detector.json", (json.dumps(settings, indent=2) + "\n").encode()),
        ):
            write_whole(folder / name, content)
    except OSError as error:
        raise DetectorError(
            f"The detector can't be written to {folder} ({error.strerror or 'the disk refused'}): make room or name "
            "another folder."
        ) from error


def load_detector(folder: Path) -> TrainedDetector:
    """Read a detector folder. Raises `DetectorError` when it is missing, damaged or of another format."""
    try:
        settings = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
        weights = (folder / "detector.safetensors").read_bytes()
        tensors = {name: value.float() for name, value in load(weights).items()}
    except FileNotFoundError as error:
        raise DetectorError(
            f"{folder} holds no detector: it needs detector.json and detector.safetensors; train one first."
        ) from error
    except (OSError, ValueError, SafetensorError) as error:
        raise DetectorError(f"The detector in {folder} is damaged: train it again or copy it again.") from error
    if isinstance(settings, dict) and settings.get("weights", digest := hashlib.sha256(weights).hexdigest()) != digest:
        raise DetectorError(f"The weights in {folder} are not those its detector.json was written for: train it again.")
    try:
        return _build(settings, tensors)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, IndexError) as error:
        if isinstance(error, DetectorError):
            raise
        raise DetectorError(f"The detector in {folder} is incomplete or not a detector: train it again.") from error


def _build(settings: dict[str, Any], tensors: dict[str, torch.Tensor]) -> TrainedDetector:
    if settings["format"] != FORMAT:
        raise DetectorError(f"This detector has format {settings['format']}, known is {FORMAT}: train it again.")
    threshold = float(settings["threshold"])
    if settings["reference"] not in KINDS or not 0 <= threshold <= 1:
        raise ValueError("Unknown reference or threshold.")
    heads, keys = int(settings["heads"]), int(settings["keys"])
    if any(tuple(tensors[f"benign.{layer}"].shape[::2]) != (heads, keys) for layer in range(int(settings["layers"]))):
        raise ValueError("The numbers have another size than the settings say.")
    networks = {}
    for layer in settings["trained_layers"]:
        network = VARIANTS[settings["variant"]](heads, keys)
        prefix = f"network.{layer}."
        network.load_state_dict(
            {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        )
        networks[int(layer)] = network.train(False).requires_grad_(False)
    watched = tuple(int(layer) for layer in settings["watched"])
    if not set(watched) <= set(networks):
        raise ValueError("A watched layer has no network.")
    reach = _reach(settings.get("reach"), int(settings["layers"]))
    alongside = None if settings.get("alongside") is None else float(settings["alongside"])
    if alongside is not None and not 0 < alongside <= 1:
        raise ValueError("No score.")
    return TrainedDetector(
        variant=settings["variant"],
        networks=networks,
        benign_means=tuple(tensors[f"benign.{layer}"] for layer in range(int(settings["layers"]))),
        reference=settings["reference"],
        threshold=threshold,
        watched=watched,
        fingerprint=str(settings["model"]),
        history=settings["history"],
        reach=reach,
        alongside=alongside,
    )


def _reach(settings: dict[str, Any] | None, layers: int) -> Reach | Jointly | None:
    """What a detector folder says of how far its flags are followed; older folders don't name the kind, or nothing."""
    if settings is None:
        return None
    repaired = tuple(int(layer) for layer in settings["layers"])
    if not set(repaired) <= set(range(layers)):
        raise ValueError("A reach that no model has.")
    kind = settings.get("kind", _KINDS[Reach])
    if kind == _KINDS[Jointly]:
        return Jointly(repaired)
    if kind != _KINDS[Reach]:
        raise ValueError("An unknown kind of reach.")
    looks, seeds = int(settings.get("looks", 1)), int(settings.get("seeds", 1))
    longest, as_sure, margin = int(settings["longest"]), float(settings["as_sure"]), int(settings["margin"])
    reach = Reach(repaired, longest, as_sure, margin, looks, seeds)
    if not (all(0 < number <= 64 for number in (longest, looks, seeds)) and 0 <= margin <= 64):
        raise ValueError("A reach that no model has.")
    if not 0 <= reach.as_sure < 1_000:
        raise ValueError("No log-odds.")
    return reach
