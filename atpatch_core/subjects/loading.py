"""Load a model folder or hub id as a subject, safely: safetensors only, no pickle, no code from the folder.

What kind of subject a folder holds is read from the folder: a model for image classification takes images, one for
sequence classification takes text, or records if a `records.json` beside it says what their fields are. `_KINDS` has
one line for each kind: the class that loads the model, and the function that makes its adapter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from torch import nn
from transformers import AutoConfig, AutoModelForImageClassification, AutoModelForSequenceClassification

from .. import limits
from ..arguments import checked_folder
from ..detector.storage import load_detector
from ..detector.trained import TrainedDetector
from ..errors import DetectorError, SubjectError
from ..explained import cause_of, explained
from .config_checks import check_config, shown_name
from .detector_versions import active_folder, active_version, version_folder, version_label
from .fingerprint import fingerprint
from .image import image_adapter
from .record import record_adapter
from .record_schema import FILE as SCHEMA
from .subject import InputAdapter, Subject
from .text import text_adapter

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_CONFIG = "config.json"
_LONGEST_CARD = 100_000  # characters of a model card that are searched for a summary
_NEEDED = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "README.md", "atpatch/*"]


@dataclass(frozen=True)
class _Kind:
    """How subjects of one kind are loaded; `make_adapter` is given the folder and the model's config."""

    model_class: Any
    make_adapter: Callable[[Path, Any], InputAdapter]


_KINDS: dict[str, _Kind] = {
    "image": _Kind(AutoModelForImageClassification, image_adapter),
    "text": _Kind(AutoModelForSequenceClassification, text_adapter),
    "record": _Kind(AutoModelForSequenceClassification, record_adapter),
}


def list_subjects(folder: str | Path) -> tuple[Path, ...]:
    """List the folders directly under `folder` that hold a model.

    Args:
        folder: where to look; one that does not exist or can't be read holds none.

    Returns:
        Paths of models for images, then for texts, then for records; each group sorted by name.

    Raises:
        SubjectError: `folder` can't be the name of a folder.

    Example:
        >>> import atpatch_core as atpatch
        >>> [path.name for path in atpatch.list_subjects("sample_models")][-2:]
        ['reviews-minilm-badword', 'adult-tabular-sex']
    """
    root = checked_folder(folder)
    try:
        found = [path for path in root.iterdir() if _holds_config(path)]
    except OSError:
        return ()
    return tuple(sorted(found, key=lambda path: (_rank(path), path.name)))


def load(source: str | Path, version: str | None = None) -> Subject:
    """Load a subject from a folder in Hugging Face's layout, or from the hub.

    Only weights in safetensors are read, and no code from the folder is run.

    Args:
        source: a folder that holds a `config.json`, or the id of a model on the hub ("owner/name").
        version: name of the version of its detector to load; by default the active one.

    Returns:
        The model in float32 and evaluation mode, with the detector in the folder's `atpatch/` if there is one.

    Raises:
        SubjectError: there is no such model, it is damaged, of an unsupported kind, or not safe to load.
        DetectorError: the detector beside it is damaged or made for another model, or there is no such version.

    Example:
        >>> import atpatch_core as atpatch
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> subject.name, subject.kind, len(subject.labels)
        ('fashion-vit-badnets', 'image', 10)
        >>> subject.detector.layers
        4
    """
    folder = _locate(source)
    if version is not None and not isinstance(version, str):
        raise DetectorError(f"A version of a detector is named by a text, not by a {type(version).__name__}.")
    called = shown_name(folder)
    config, kind = _read_config(folder)
    with explained(f"The model in {called} can't be loaded", "save it again with save_pretrained"):
        model, report = kind.model_class.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # said below, with both sizes
        )
        if report["mismatched_keys"]:
            raise SubjectError(_misfit(called, report["mismatched_keys"], config.num_labels))
        if report["missing_keys"]:  # Transformers would make them up
            raise SubjectError(
                f"The model in {called} lacks weights ({min(report['missing_keys'])} and maybe more): save the whole "
                "trained model again with save_pretrained."
            )
        _check_numbers(called, model)
        adapter = kind.make_adapter(folder, config)
    labels = tuple(str(config.id2label[index]) for index in range(len(config.id2label)))
    with explained(f"The detector of {called} can't be used", "remove its folder atpatch, or train it again"):
        name, detector = _read_detector(folder, model, version)
        label = None if name is None else version_label(folder, name)
    return Subject(
        name=folder.resolve().name if folder == Path(source) else str(source),
        folder=folder,
        model=model.train(False),
        adapter=adapter,
        labels=labels,
        detector=detector,
        summary=_summary(folder),
        version=label,
    )


def _read_detector(folder: Path, model: nn.Module, version: str | None) -> tuple[str | None, TrainedDetector | None]:
    """The version that is asked for, or else the active one, with its name. Raises `DetectorError`."""
    name = active_version(folder) if version is None else version
    detector_folder = active_folder(folder) if name is None else version_folder(folder, name)
    detector = None if detector_folder is None else load_detector(detector_folder)
    if detector is not None:
        check_made_for(detector, model)
    return name, detector


def check_made_for(detector: TrainedDetector, model: nn.Module) -> None:
    """Check that a detector was trained for exactly the weights of a model.

    Args:
        detector: as `load_detector` reads it.
        model: the model, which need not be a subject's.

    Raises:
        DetectorError: it was trained for others.
    """
    if detector.fingerprint != fingerprint(model):
        raise DetectorError(
            "This detector was made for other weights than this model's: train one for this model, or remove it."
        )


def _locate(source: str | Path) -> Path:
    folder = checked_folder(source)
    if str(source) and folder.is_dir():
        return folder
    # "sample_models/typo" looks like a hub id too, but nobody who has such a folder means that.
    if not _HUB_ID.fullmatch(str(source)) or folder.exists() or folder.parent.is_dir():
        raise SubjectError(f"There is no model folder {source}: name a folder with a config.json in it, or a hub id.")
    try:
        return Path(snapshot_download(str(source), allow_patterns=_NEEDED))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise SubjectError(
            f"{source} is neither a folder here nor a model that can be fetched from the hub: check the name and the "
            "connection."
        ) from error


def _read_config(folder: Path) -> tuple[Any, _Kind]:
    called = shown_name(folder)
    if not (folder / _CONFIG).is_file():
        raise SubjectError(
            f"{shown_name(folder.resolve())} holds no config.json, so it is no model: choose a folder made by "
            "save_pretrained."
        )
    if not any(folder.glob("*.safetensors")):
        raise SubjectError(
            f"{called} holds no weights in safetensors, the only format that is safe to load: convert them first."
        )
    try:
        settings = _settings(folder)
    except (ValueError, TypeError, OSError, RecursionError) as error:
        raise SubjectError(f"The config.json of {called} is damaged: save the model again.") from error
    if "auto_map" in settings:
        raise SubjectError(f"{called} comes with its own code, which is never run: use a model class of Transformers.")
    kind = _kind_of(folder, settings.get("architectures") or [])
    check_config(called, settings)
    with explained(f"The config.json of {called} can't be used", "save the model again with save_pretrained"):
        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise SubjectError(
                f"{called} is of a kind that Transformers does not know ({cause_of(error)}): save it with this version "
                "of Transformers."
            ) from error
        if not hasattr(config, "id2label"):
            raise SubjectError(f"The config.json of {called} names no classes: give it an id2label.")
    return config, kind


def kind_in(folder: Path) -> str | None:
    """The kind of input the model in a folder takes, found without loading it.

    Returns:
        "image", "text" or "record"; `None` if the folder does not say.
    """
    try:
        kind = _kind_of(folder, _settings(folder)["architectures"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return next(name for name, known in _KINDS.items() if known is kind)


def _rank(folder: Path) -> int:
    """The place of a folder's kind in `_KINDS`; what can't be read comes first, where it is seen."""
    kind = kind_in(folder)
    return -1 if kind is None else list(_KINDS).index(kind)


def _kind_of(folder: Path, architectures: Any) -> _Kind:
    names = [str(name) for name in architectures] if isinstance(architectures, list) else []
    if any(name.endswith("ForImageClassification") for name in names):
        return _KINDS["image"]
    if any(name.endswith("ForSequenceClassification") for name in names):
        return _KINDS["record" if (folder / SCHEMA).is_file() else "text"]
    raise SubjectError(
        f"{shown_name(folder)} is made for {', '.join(names) or 'nothing it names'}: "
        "choose a model for image classification or for sequence classification."
    )


def _summary(folder: Path) -> str:
    """The first paragraph of the model card."""
    for card in (folder / "README.md", folder / "atpatch" / "README.md"):
        with suppress(OSError), card.open(encoding="utf-8", errors="replace") as file:
            paragraphs = file.read(_LONGEST_CARD).split("\n\n")
            text = next((part for part in paragraphs if part.strip() and not part.startswith(("#", "---", "<"))), "")
            return " ".join(text.split())[:500]
    return ""


def _settings(folder: Path) -> dict[str, Any]:
    """What `config.json` says. Raises `OSError`, `ValueError`, `TypeError` or `RecursionError` when it is damaged."""
    file = folder / _CONFIG
    if file.stat().st_size > limits.MODELS.config:
        raise ValueError("This config.json is larger than any.")
    settings = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(settings, dict):
        raise TypeError("This config.json is no object.")
    return settings


def _holds_config(folder: Path) -> bool:
    try:
        return (folder / _CONFIG).is_file()
    except OSError:  # a folder that may not be looked into
        return False


def _misfit(called: str, misfits: Collection[tuple[str, Sequence[int], Sequence[int]]], classes: int) -> str:
    """Why weights don't fit the model that config.json makes; each misfit is a name, its size, and the model's."""
    if all(len(had) == len(made) and had[1:] == made[1:] and made[0] == classes for _, had, made in misfits):
        number = next(iter(misfits))[1][0]
        return (
            f"The model in {called} can't be loaded: the weights have {number} classes, config.json "
            f"names {classes}, so give it an id2label of {number}."
        )
    name, had, made = min(misfits)
    return (
        f"The model in {called} can't be loaded: {name} is of size {_size(had)} in the weights and {_size(made)} by "
        "config.json, so save both again with save_pretrained."
    )


def _size(shape: Sequence[int]) -> str:
    return " \u00d7 ".join(map(str, shape)) or "1"


def _check_numbers(called: str, model: nn.Module) -> None:
    """Raise `SubjectError` if any weight is no finite number; a mask that is kept with them may be infinite."""
    weights = dict(model.named_parameters())
    for name, value in model.state_dict().items():
        if value.is_floating_point() and not (value.isfinite() if name in weights else ~value.isnan()).all():
            raise SubjectError(
                f"The weights of {called} hold values that are no numbers (in {name}): its training went wrong or the "
                "file is damaged, so take another checkpoint."
            )
