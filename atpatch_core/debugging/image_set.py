"""Build the debugging set of an image model from the model itself and a few clean pictures, and keep it in a folder.

provenance.json     what it was made from, what was found; written last, so that only a whole set can be read
pairs.parquet       part (learn, tune), clean, triggered (PNG), columns (patches under the trigger, counted from 0)
benign.parquet      image (PNG): clean pictures that only serve to set the threshold
triggers/           the inverted triggers, class by class
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from .. import limits
from ..errors import InputError
from ..files.json_files import read_object
from ..files.values import listed, text, whole
from ..subjects.fingerprint import fingerprint
from ..subjects.image_files import as_array, from_array, read_image
from ..subjects.subject import Subject
from ..whole_files import replacing, write_whole_text
from .answers import answers
from .inverted_pairs import inverted_pairs
from .mask_inversion import success_elsewhere
from .pixel_space import pixel_space
from .sets import ImageDebuggingSet
from .stored_rows import stored_rows
from .trigger_search import TriggerSearch, search_triggers

LEAST = 200
MOST = 1_000
_PAIRS = 4_000
_TUNING_PAIRS = 600
_LEARN, _TUNE = 0.55, 0.15  # of the clean pictures; the rest bounds the false-positive rate
_TRIED_ELSEWHERE = 40  # pictures at each place
_PARTS = ("learn", "tune")
_LARGEST_GRID = 1_000  # patches along a side
_LONGEST_ORIGIN = 10_000  # characters
_MEMORY = 2e9  # bytes for the maps of one layer

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ImageDebuggingData:
    """Disjoint parts of the clean pictures: pairs to learn from and to tune on, and benign ones for the threshold.

    `benign` is uint8 `[n, height, width, channels]`; `provenance` is what `provenance.json` says.
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
    on_step: OnStep = lambda stage, done, total: None,
) -> ImageDebuggingData:
    """Invert triggers for `classes` (default: all) and make the debugging set in `folder`; a killed run resumes.

    Needs the model and `LEAST` to `MOST` clean pictures (of more, the first `MOST` count); their labels are not needed.
    A class that can't be inverted is noted and passed over. A model without a suspicious trigger gets a set without
    pairs. Raises `InputError` when there are too few pictures or the disk refuses, `SubjectError` when the model's
    pixels or patches can't be got at.
    """
    if len(images) < LEAST:
        raise InputError(f"{len(images)} clean pictures are too few: give at least {LEAST}, better {MOST:,}.")
    images = list(images[:MOST])
    space = pixel_space(subject, images[0])
    pictures = space.as_seen(subject, images)
    found = answers(subject, [from_array(one) for one in pictures])
    order = np.random.default_rng(seed).permutation(len(pictures))
    learn, tune, benign = np.split(order, [int(_LEARN * len(order)), int((_LEARN + _TUNE) * len(order))])
    mark = {
        "format": 1,
        "model": fingerprint(subject.model),
        "seed": seed,
        "clean_pictures": len(pictures),
        "grid": list(space.grid),
    }
    try:
        _claim(folder, mark)
        search = search_triggers(
            subject,
            space,
            pictures[learn],
            found[learn],
            pictures[tune],
            found[tune],
            range(len(subject.labels)) if classes is None else classes,
            seed,
            folder / "triggers",
            on_step,
        )
        suspicious = search.suspicious
        elsewhere = [
            success_elsewhere(one, subject.model, space, pictures[tune][found[tune] != one.target][:_TRIED_ELSEWHERE])
            for one in suspicious
        ]
        pairs, tuning = (
            inverted_pairs(suspicious, elsewhere, pictures[part], found[part], space.grid, count, seed + number)
            for number, (part, count) in enumerate(((learn, _pairs_within_memory(space.grid)), (tune, _TUNING_PAIRS)))
        )
        data = ImageDebuggingData(
            pairs,
            tuning,
            pictures[benign],
            {
                **mark,
                "subject": subject.name,
                **_findings(subject, search, elsewhere),
                "date": datetime.now(UTC).date().isoformat(),
            },
        )
        _save(subject, data, folder)
    except OSError as error:
        raise InputError(
            f"The debugging set can't be written to {folder} ({error.strerror or 'the disk refused'}): make room and "
            "start again; what is finished is kept."
        ) from error
    return data


def load_image_set(folder: Path) -> ImageDebuggingData:
    """Read what `build_image_set` wrote. Raises `InputError` when it is missing, unfinished or damaged."""
    if not (folder / "provenance.json").is_file():
        raise InputError(f"{folder} holds no finished debugging set: make one with `atpatch debug-set`.")
    try:
        provenance = read_object(folder / "provenance.json")
        rows, columns = (whole(side, 1, _LARGEST_GRID) for side in provenance["grid"])
        space = _Room(limits.IMAGES.pixels_in_all)
        benign = np.stack([space.decode(row["image"]) for row in stored_rows(folder / "benign.parquet", ["image"])])
        table = stored_rows(folder / "pairs.parquet", ["part", "clean", "triggered", "columns"])
        if any(row["part"] not in _PARTS for row in table):
            raise ValueError("A pair belongs to no part.")
        parts = [_part(table, name, benign.shape[1:], rows * columns, provenance, space) for name in _PARTS]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"The debugging set in {folder} is damaged: make it again with `atpatch debug-set`."
        ) from error
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
                f"{folder} holds a debugging set of another model, seed or choice of pictures: name another folder."
            )
    else:
        write_whole_text(file, json.dumps(mark))


def _findings(subject: Subject, search: TriggerSearch, elsewhere: Sequence[float]) -> dict[str, Any]:
    roams = {id(one): round(success, 3) for one, success in zip(search.suspicious, elsewhere, strict=True)}
    return {
        "triggers": [
            {
                "class": subject.labels[one.target],
                "kind": one.kind,
                "pixels": round(one.size, 1),
                "success": round(one.success, 3),
                "suspicious": id(one) in roams,
                "success_elsewhere": roams.get(id(one)),
            }
            for one in search.triggers
        ],
        "not_inverted": [subject.labels[target] for target in search.not_inverted],
    }


def _save(subject: Subject, data: ImageDebuggingData, folder: Path) -> None:
    rows: dict[str, list[Any]] = {"part": [], "clean": [], "triggered": [], "columns": []}
    for name, one in (("learn", data.pairs), ("tune", data.tuning)):
        rows["part"] += [name] * len(one)
        rows["clean"] += [subject.write(from_array(image)) for image in one.clean]
        rows["triggered"] += [subject.write(from_array(image)) for image in one.triggered]
        rows["columns"] += [np.flatnonzero(covered).tolist() for covered in one.covered]
    schema = pa.schema(
        [("part", pa.string()), ("clean", pa.binary()), ("triggered", pa.binary()), ("columns", pa.list_(pa.int32()))]
    )
    _write_table(pa.table(rows, schema), folder / "pairs.parquet")
    benign = pa.array([subject.write(from_array(image)) for image in data.benign], pa.binary())
    _write_table(pa.table({"image": benign}), folder / "benign.parquet")
    data.provenance["origin"] = data.pairs.origin
    write_whole_text(folder / "provenance.json", json.dumps(data.provenance, indent=1) + "\n")


def _write_table(table: pa.Table, file: Path) -> None:
    with replacing(file) as whole:
        pq.write_table(table, whole, compression="zstd")


def _part(
    table: Sequence[dict[str, Any]],
    name: str,
    shape: tuple[int, ...],
    patches: int,
    provenance: dict[str, Any],
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
    return ImageDebuggingSet(clean, triggered, covered, text(provenance["origin"], _LONGEST_ORIGIN))


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
