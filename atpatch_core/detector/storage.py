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

from .. import limits
from ..errors import DetectorError
from ..files.content import read_bytes
from ..files.json_files import read_json
from ..files.values import listed, mapping, number, text, whole
from ..files.whole_files import write_whole
from .growth import Growth
from .joint import Jointly
from .networks import ColumnNetwork
from .reach import Reach
from .reference import KINDS
from .trained import TrainedDetector
from .variants import VARIANTS

FORMAT = 1
_LONGEST_FINGERPRINT = 200  # characters
# What a detector folder may say of a `Reach` or a `Growth`: far more than any detector made here needs.
_MOST_STEPS = 64
_MOST_ODDS = 999.0
_MOST_TRIALS = 4096
_KINDS = {Reach: "run", Jointly: "jointly"}


def save_detector(detector: TrainedDetector, folder: Path) -> None:
    """Write a detector folder. Weights are kept in half precision.

    Each file appears as a whole, and `detector.json` names the digest of the weights it belongs to: a detector that was
    only half replaced is refused.

    Args:
        detector: what to write.
        folder: where to; it is made if need be.

    Raises:
        DetectorError: the disk refuses.
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
        "growth": None if detector.growth is None else asdict(detector.growth),
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
    """Read a detector folder.

    Args:
        folder: what `save_detector` wrote.

    Returns:
        The detector, on the CPU and in single precision.

    Raises:
        DetectorError: the folder is missing, damaged or of another format.

    Example:
        >>> detector = load_detector(Path("sample_models/fashion-vit-badnets/atpatch"))
        >>> detector.variant, detector.layers, detector.watched
        ('per-head', 4, (0,))
    """
    damaged = f"The detector in {folder} is damaged: train it again or copy it again."
    try:
        settings = read_json(folder / "detector.json")
        weights = read_bytes(folder / "detector.safetensors", limits.DETECTORS.bytes)
    except FileNotFoundError as error:
        raise DetectorError(
            f"{folder} holds no detector: it needs detector.json and detector.safetensors; train one first."
        ) from error
    except (OSError, ValueError) as error:
        raise DetectorError(damaged) from error
    if isinstance(settings, dict) and settings.get("weights", digest := hashlib.sha256(weights).hexdigest()) != digest:
        raise DetectorError(
            f"The weights in {folder} are damaged, or not those its detector.json was written for: train it again."
        )
    try:
        tensors = {name: value.float() for name, value in load(weights).items()}
    except (ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise DetectorError(damaged) from error
    try:
        return _build(settings, tensors)
    except DetectorError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, IndexError) as error:
        raise DetectorError(f"The detector in {folder} is incomplete or not a detector: train it again.") from error


def _build(settings: dict[str, Any], tensors: dict[str, torch.Tensor]) -> TrainedDetector:
    if whole(settings["format"]) != FORMAT:
        raise DetectorError(f"This detector has format {settings['format']}, known is {FORMAT}: train it again.")
    if settings["reference"] not in KINDS or settings["variant"] not in VARIANTS:
        raise ValueError("An unknown reference or variant.")
    layers, heads, keys = (
        whole(settings[name], 1, most)
        for name, most in (
            ("layers", limits.DETECTORS.layers),
            ("heads", limits.DETECTORS.heads),
            ("keys", limits.DETECTORS.keys),
        )
    )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise ValueError("Some of the numbers are none.")
    benign = tuple(tensors[f"benign.{layer}"] for layer in range(layers))
    if any(mean.ndim != 3 or 0 in mean.shape or (mean.shape[0], mean.shape[2]) != (heads, keys) for mean in benign):
        raise ValueError("The numbers have another size than the settings say.")
    trained, watched = (_layers(settings[name], layers) for name in ("trained_layers", "watched"))
    if not set(watched) <= set(trained):
        raise ValueError("A watched layer has no network.")
    alongside = settings.get("alongside")
    if alongside == 0:
        raise ValueError("Every column would be flagged beside another.")
    return TrainedDetector(
        variant=settings["variant"],
        networks={layer: _network(settings["variant"], heads, keys, layer, tensors) for layer in trained},
        benign_means=benign,
        reference=settings["reference"],
        threshold=number(settings["threshold"], 0, 1),
        watched=watched,
        fingerprint=text(settings["model"], _LONGEST_FINGERPRINT),
        history=_history(settings["history"]),
        reach=_reach(settings.get("reach"), layers),
        alongside=None if alongside is None else number(alongside, 0, 1),
        growth=_growth(settings.get("growth"), layers, keys),
    )


def _history(value: object) -> dict[str, Any]:
    """How a detector was trained; what pages and commands read of it is of the right kind. Raises `ValueError`."""
    history = dict(mapping(value, limits.JSON.fields))
    for name in ("pairs", "triggered_texts", "labelled_inputs"):
        whole(history.get(name) or 0)
    for name in ("learnt_from", "calibrated_again"):
        listed(history.get(name) or (), limits.TABLES.rows)
    held_out = mapping(history.get("held_out") or {}, limits.JSON.fields)
    for name in ("inputs", "over_attended", "scores"):
        listed(held_out.get(name) or (), limits.TABLES.rows)
    for digest in (*(history.get("learnt_from") or ()), *(held_out.get("inputs") or ())):
        text(digest, _LONGEST_FINGERPRINT)
    return history


def _layers(value: object, layers: int) -> tuple[int, ...]:
    """Numbers of layers, none of them twice. Raises `ValueError`."""
    found = tuple(whole(layer, 0, layers - 1) for layer in listed(value, layers))
    if len(set(found)) != len(found):
        raise ValueError("A layer is named twice.")
    return found


def _network(variant: str, heads: int, keys: int, layer: int, tensors: dict[str, torch.Tensor]) -> ColumnNetwork:
    """The network of a layer. Raises `ValueError` or `RuntimeError` before anything that does not fit is built."""
    prefix = f"network.{layer}."
    own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    with torch.device("meta"):
        wanted = {name: value.shape for name, value in VARIANTS[variant](heads, keys).state_dict().items()}
    if wanted != {name: value.shape for name, value in own.items()}:
        raise ValueError("The numbers of a network have another size than the settings say.")
    network = VARIANTS[variant](heads, keys)
    network.load_state_dict(own)
    return network.train(False).requires_grad_(False)


def _reach(settings: object, layers: int) -> Reach | Jointly | None:
    """What a detector folder says of how far its flags are followed; older folders don't name the kind, or nothing."""
    if settings is None:
        return None
    values = mapping(settings, 20)
    repaired = _layers(values["layers"], layers)
    kind = values.get("kind", _KINDS[Reach])
    if kind == _KINDS[Jointly]:
        return Jointly(repaired)
    if kind != _KINDS[Reach]:
        raise ValueError("An unknown kind of reach.")
    return Reach(
        repaired,
        longest=whole(values["longest"], 1, _MOST_STEPS),
        as_sure=number(values["as_sure"], 0, _MOST_ODDS),
        margin=whole(values["margin"], 0, _MOST_STEPS),
        looks=whole(values.get("looks", 1), 1, _MOST_STEPS),
        seeds=whole(values.get("seeds", 1), 1, _MOST_STEPS),
    )


def _growth(settings: object, layers: int, keys: int) -> Growth | None:
    """What a detector folder says of how spans are grown; older folders say nothing. Raises `ValueError`."""
    if settings is None:
        return None
    values = mapping(settings, 20)
    grid = None if values["grid"] is None else tuple(whole(side, 1, keys) for side in listed(values["grid"], 2))
    if grid is not None and (len(grid) != 2 or grid[0] * grid[1] > keys):
        raise ValueError("The patches are more than the columns.")
    return Growth(
        _layers(values["layers"], layers),
        grid=None if grid is None else (grid[0], grid[1]),
        fall=number(values["fall"], 0, _MOST_ODDS),
        fall_of_group=number(values["fall_of_group"], 0, _MOST_ODDS),
        believed=number(values["believed"], 0, 1),
        as_sure=number(values["as_sure"], 0, _MOST_ODDS),
        rounds=whole(values["rounds"], 0, _MOST_STEPS),
        rows=whole(values["rows"], 0, _MOST_TRIALS),
    )
