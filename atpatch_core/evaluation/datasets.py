"""Read labelled images for an evaluation: Parquet with PNG bytes, or a folder `label/*.png`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from ..errors import InputError
from ..subjects.image_files import read_image
from ..whole_files import replacing

MOST_UPLOADED = 20_000
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class LabelledImages:
    """Pictures and the numbers of their classes, `int64 [n]`."""

    images: list[Image.Image]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def inputs(self) -> list[Image.Image]:
        """The pictures."""
        return self.images


def read_labelled_images(path: Path, labels: Sequence[str]) -> LabelledImages:
    """Read a data set for a subject whose classes are `labels`.

    A Parquet file has a column `image` (bytes of a PNG, JPEG or WebP) and a column `label` (the name or the number of
    the class); a folder has one sub-folder of images for each class, named like the class ("/" written as "-").
    Raises `InputError` when the data are missing, empty or damaged, or name an unknown class.
    """
    if path.is_dir():
        return _read_folder(path, labels)
    if path.is_file() and path.suffix == ".parquet":
        return _from_table(_read_table(path, {"image", "label"}, path.name), labels, path.name)
    raise InputError(f"There are no images at {path}: name a .parquet file or a folder with one sub-folder a class.")


def parse_labelled_images(content: bytes, labels: Sequence[str], name: str = "The file") -> LabelledImages:
    """Read an uploaded Parquet file, otherwise like `read_labelled_images`.

    Raises `InputError` also when it holds more than `MOST_UPLOADED` pictures.
    """
    table = _read_table(pa.BufferReader(content), {"image", "label"}, name)
    if table.num_rows > MOST_UPLOADED:
        raise InputError(
            f"{name} holds {table.num_rows:,} pictures, more than the {MOST_UPLOADED:,} that can be compared here: "
            "take fewer of them, or use `atpatch evaluate --data` on the command line."
        )
    return _from_table(table, labels, name)


def read_images(path: Path) -> list[Image.Image]:
    """Read pictures whatever their labels: a Parquet file with a column `image`, or a folder with images at any depth.

    Raises `InputError` when there are none, or one of them is damaged.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES)
        images = [_read_one(file.read_bytes(), str(file.relative_to(path))) for file in files]
    elif path.is_file() and path.suffix == ".parquet":
        contents = _read_table(path, {"image"}, path.name)["image"].to_pylist()
        images = [_read_one(content, f"Image {number} of {path.name}") for number, content in enumerate(contents)]
    else:
        raise InputError(f"There are no images at {path}: name a .parquet file or a folder of PNG, JPEG or WebP files.")
    if not images:
        raise InputError(f"{path} holds no images: name a .parquet file or a folder of PNG, JPEG or WebP files.")
    return images


def write_labelled_images(images: np.ndarray, labels: np.ndarray, names: Sequence[str], path: Path) -> None:
    """Write `uint8 [n, height, width, 1 or 3]` and class numbers as Parquet with PNG bytes and class names."""
    table = pa.table(
        {
            "image": pa.array([encode_png(image) for image in images], pa.binary()),
            "label": pa.array([names[label] for label in labels], pa.string()),
        }
    )
    with replacing(path) as file:
        pq.write_table(table, file, compression="zstd")


def encode_png(image: np.ndarray) -> bytes:
    """The PNG file of one `uint8 [height, width, 1 or 3]` image."""
    buffer = io.BytesIO()
    Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _read_table(source: Path | pa.BufferReader, needed: set[str], name: str) -> pa.Table:
    try:
        table = pq.read_table(source)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name} is no readable Parquet file: write it again.") from error
    if not needed <= set(table.column_names):
        raise InputError(
            f"{name} needs the columns {' and '.join(sorted(needed))}, it has {', '.join(table.column_names)}."
        )
    return table


def _from_table(table: pa.Table, labels: Sequence[str], name: str) -> LabelledImages:
    contents, answers = table["image"].to_pylist(), table["label"].to_pylist()
    if not contents:
        raise InputError(f"{name} holds no images: choose a data set that is not empty.")
    return LabelledImages(
        [_read_one(content, f"Image {number} of {name}") for number, content in enumerate(contents)],
        np.array([_class_number(answer, labels, name) for answer in answers], dtype=np.int64),
    )


def _read_folder(path: Path, labels: Sequence[str]) -> LabelledImages:
    images, numbers = [], []
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir()):
        files = sorted(entry for entry in folder.iterdir() if entry.suffix.lower() in _SUFFIXES)
        for file in files:
            numbers.append(_class_number(folder.name, labels, path.name))
            images.append(_read_one(file.read_bytes(), str(file.relative_to(path))))
    if not images:
        raise InputError(f"{path} holds no images: it needs one sub-folder of PNG, JPEG or WebP files for each class.")
    return LabelledImages(images, np.array(numbers, dtype=np.int64))


def _read_one(content: object, where: str) -> Image.Image:
    if not isinstance(content, bytes):
        raise InputError(f"{where} is not the bytes of an image file.")
    try:
        return read_image(content)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _class_number(answer: object, labels: Sequence[str], where: str) -> int:
    if isinstance(answer, int) and 0 <= answer < len(labels):
        return answer
    by_name = {label: number for number, label in enumerate(labels)}
    by_name |= {label.replace("/", "-"): number for label, number in by_name.items()}
    if str(answer) not in by_name:
        raise InputError(f"{where} has a label {answer!r} that the model does not know; it knows {', '.join(labels)}.")
    return by_name[str(answer)]
