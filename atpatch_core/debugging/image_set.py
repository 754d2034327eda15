"""Build the debugging set of an image model from the model itself and a few clean images (see `set_folder.py`).

pairs.parquet       part (learn, tune), clean, triggered (PNG), columns (patches under the trigger, counted from 0)
benign.parquet      image (PNG): clean images that only serve to set the threshold
triggers/           the inverted triggers, class by class
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from .. import limits
from ..detector.learning_curve import OnStep, say_nothing
from ..errors import InputError
from ..files.values import listed, text, whole
from ..files.whole_files import write_whole_text
from ..subjects.fingerprint import fingerprint
from ..subjects.image_files import as_array, from_array, read_image
from ..subjects.subject import Subject
from .answers import answers
from .inverted_pairs import inverted_pairs
from .mask_inversion import success_elsewhere
from .pixel_space import pixel_space
from .set_folder import LONGEST_ORIGIN, enough, new_set, stored_set, today, writable, write_table
from .sets import ImageDebuggingSet
from .stored_rows import stored_rows
from .trigger_search import TriggerSearch, search_triggers

LEAST = 200  # with fewer, too few are left for the threshold
MOST = 1_000  # more make the search slower and tell little more
_PAIRS = 4_000  # where memory allows (see `_pairs_within_memory`)
_TUNING_PAIRS = 600  # every setting that is tried answers all of them
_LEARN, _TUNE = 0.55, 0.15  # of the clean images; the rest bounds the false-positive rate
_TRIED_ELSEWHERE = 40  # images at each place
_PARTS = ("learn", "tune")
_LARGEST_GRID = 1_000  # patches along a side
_MEMORY = 2e9  # bytes for the maps of one layer
_PAIRS_SCHEMA = pa.schema(
    [("part", pa.string()), ("clean", pa.binary()), ("triggered", pa.binary()), ("columns", pa.list_(pa.int32()))]
)


@dataclass(frozen=True)
class ImageDebuggingData:
    """Disjoint parts of the clean images.

    Attributes:
        pairs: to learn from.
        tuning: pairs to choose settings on.
        benign: for the threshold, uint8 `[n, height, width, channels]`.
        provenance: what `provenance.json` says.
    """

    pairs: ImageDebuggingSet
    tuning: ImageDebuggingSet
    benign: np.ndarray
    provenance: dict[str, Any]


def build_image_set(
    subject: Subject,
    images: Sequence[Image.Image],
    folder: Path,
    classes: Sequence[int] | None = None,
    seed: int = 0,
    on_step: OnStep = say_nothing,
) -> ImageDebuggingData:
    """Invert triggers and make the debugging set of an image model; a killed run resumes.

    A class that can't be inverted is noted and passed over. A model without a suspicious trigger gets a set without
    pairs.

    Args:
        subject: a model for images.
        images: `LEAST` to `MOST` clean images (of more, the first `MOST` count); their labels are not needed.
        folder: where the set is written, and what is finished is kept meanwhile.
        classes: numbers of the classes to search; all by default.
        seed: where all randomness comes from; 0 by default.
        on_step: called with (stage, steps done, steps in all); may raise to cancel.

    Returns:
        What `load_image_set` reads from the folder.

    Raises:
        InputError: there are too few images, the folder holds another search, or the disk refuses.
        SubjectError: the model's pixels or patches can't be reached.

    Source:
        Triggers are inverted after Neural Cleanse (Wang et al., IEEE S&P 2019); see `mask_inversion.py`.
    """
    images = enough(images, LEAST, MOST, "clean images")
    space = pixel_space(subject, images[0])
    pixels = space.as_seen(subject, images)
    found = answers(subject, [from_array(image) for image in pixels])
    order = np.random.default_rng(seed).permutation(len(pixels))
    learn, tune, benign = np.split(order, [int(_LEARN * len(order)), int((_LEARN + _TUNE) * len(order))])
    mark = {
        "format": 1,
        "model": fingerprint(subject.model),
        "seed": seed,
        "clean_pictures": len(pixels),
        "grid": list(space.grid),
    }
    with writable(folder, "; what is finished is kept"):
        _claim(folder, mark)
        search = search_triggers(
            subject,
            space,
            pixels[learn],
            found[learn],
            pixels[tune],
            found[tune],
            range(len(subject.labels)) if classes is None else classes,
            seed,
            folder / "triggers",
            on_step,
        )
        suspicious = search.suspicious
        elsewhere = [
            success_elsewhere(
                trigger, subject.model, space, pixels[tune][found[tune] != trigger.target][:_TRIED_ELSEWHERE]
            )
            for trigger in suspicious
        ]
        pairs, tuning = (
            inverted_pairs(suspicious, elsewhere, pixels[part], found[part], space.grid, count, seed + number)
            for number, (part, count) in enumerate(((learn, _pairs_within_memory(space.grid)), (tune, _TUNING_PAIRS)))
        )
        findings = {"subject": subject.name, **_findings(subject, search, elsewhere), "date": today()}
        data = ImageDebuggingData(pairs, tuning, pixels[benign], {**mark, **findings})
        save_image_set(subject, data, folder)
    return data


def load_image_set(folder: Path) -> ImageDebuggingData:
    """Read what `build_image_set` wrote.

    Args:
        folder: a finished debugging set.

    Raises:
        InputError: it is missing, unfinished or damaged.
    """
    with stored_set(folder, "damaged") as provenance:
        rows, columns = (whole(side, 1, _LARGEST_GRID) for side in provenance["grid"])
        space = _Room(limits.IMAGES.pixels_in_all)
        benign = np.stack([space.decode(row["image"]) for row in stored_rows(folder / "benign.parquet", ["image"])])
        table = stored_rows(folder / "pairs.parquet", ["part", "clean", "triggered", "columns"])
        if any(row["part"] not in _PARTS for row in table):
            raise ValueError("A pair belongs to no part.")
        origin = text(provenance["origin"], LONGEST_ORIGIN)
        parts = [_part(table, name, benign.shape[1:], rows * columns, origin, space) for name in _PARTS]
    return ImageDebuggingData(parts[0], parts[1], benign, provenance)


def _pairs_within_memory(grid: tuple[int, int]) -> int:
    """Fewer pairs where maps are large; sixteen heads are allowed for."""
    keys = grid[0] * grid[1] + 1
    return int(min(_PAIRS, max(200, _MEMORY / (2 * 16 * 4 * keys * keys))))


def _claim(folder: Path, mark: dict[str, Any]) -> None:
    """Make `folder` the place of this search; refuse one that holds another."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "search.json"
    if file.is_file():
        if file.read_text(encoding="utf-8") != json.dumps(mark):
            raise InputError(
                f"{folder} holds a debugging set of another model, seed or choice of images: name another folder."
            )
    else:
        write_whole_text(file, json.dumps(mark))


def _findings(subject: Subject, search: TriggerSearch, elsewhere: Sequence[float]) -> dict[str, Any]:
    roams = {id(trigger): round(success, 3) for trigger, success in zip(search.suspicious, elsewhere, strict=True)}
    return {
        "triggers": [
            {
                "class": subject.labels[trigger.target],
                "kind": trigger.kind,
                "pixels": round(trigger.size, 1),
                "success": round(trigger.success, 3),
                "suspicious": id(trigger) in roams,
                "success_elsewhere": roams.get(id(trigger)),
            }
            for trigger in search.triggers
        ],
        "not_inverted": [subject.labels[target] for target in search.not_inverted],
    }


def save_image_set(subject: Subject, data: ImageDebuggingData, folder: Path) -> None:
    """Write a debugging set.

    Args:
        subject: the model, which writes images as PNG.
        data: what to write; the origin of its pairs is noted in its provenance.
        folder: where to; it is made if need be.

    Raises:
        OSError: the disk refuses.
    """
    rows: dict[str, list[Any]] = {name: [] for name in _PAIRS_SCHEMA.names}
    for name, pairs in zip(_PARTS, (data.pairs, data.tuning), strict=True):
        rows["part"] += [name] * len(pairs)
        rows["clean"] += [subject.write(from_array(image)) for image in pairs.clean]
        rows["triggered"] += [subject.write(from_array(image)) for image in pairs.triggered]
        rows["columns"] += [np.flatnonzero(covered).tolist() for covered in pairs.covered]
    data.provenance["origin"] = data.pairs.origin
    with new_set(folder, data.provenance):
        write_table(folder / "pairs.parquet", rows, _PAIRS_SCHEMA)
        benign = pa.array([subject.write(from_array(image)) for image in data.benign], pa.binary())
        write_table(folder / "benign.parquet", {"image": benign})


def _part(
    table: Sequence[dict[str, Any]],
    name: str,
    shape: tuple[int, ...],
    patches: int,
    origin: str,
    space: _Room,
) -> ImageDebuggingSet:
    chosen = [row for row in table if row["part"] == name]
    covered = np.zeros((len(chosen), patches), dtype=bool)
    for number, row in enumerate(chosen):
        columns = [whole(column, 0, patches - 1) for column in listed(row["columns"], patches)]
        if len(set(columns)) != len(columns):
            raise ValueError("A patch is named twice.")
        covered[number, columns] = True
    clean, triggered = (np.empty((len(chosen), *shape), np.uint8) for _ in range(2))
    for side, images in (("clean", clean), ("triggered", triggered)):
        for number, row in enumerate(chosen):
            image = space.decode(row[side])
            if image.shape != shape:
                raise ValueError("The images have several sizes.")
            images[number] = image
    return ImageDebuggingSet(clean, triggered, covered, origin)


class _Room:
    """How many pixels may still be unpacked."""

    def __init__(self, pixels: int) -> None:
        self.pixels = pixels

    def decode(self, content: object) -> np.ndarray:
        if not isinstance(content, bytes):
            raise ValueError("An image is missing.")
        pixels = as_array(read_image(content))
        self.pixels -= pixels.size
        if self.pixels < 0:
            raise ValueError("The images are too large.")
        return pixels
