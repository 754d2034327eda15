"""Read labelled images for an evaluation: Parquet with PNG bytes, or a folder `label/*.png`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from .. import limits
from ..errors import InputError
from ..files.content import read_bytes
from ..files.damaged import OversizeError
from ..files.kept import Kept, LeftOut, none_is_sound
from ..files.parquet_files import Fault
from ..files.whole_files import replacing
from ..subjects.image_files import read_image
from .class_numbers import ClassNumbers
from .labelled import LabelledInputs
from .tables import parquet_rows

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_UNNAMED = "The file"
_TOO_MANY = "images, more than the {:,} that can be read: take fewer of them."
_TOO_MANY_HERE = (
    "images, more than the {:,} that can be compared here: take fewer of them, or use `atpatch evaluate --data` on the "
    "command line."
)


class LabelledImages(LabelledInputs[Image.Image]):
    """Labelled images."""

    @property
    def images(self) -> list[Image.Image]:
        """The images."""
        return self.inputs


def read_labelled_images(path: Path, labels: Sequence[str]) -> LabelledImages:
    """Read labelled images: every sound row, and why the others are left out.

    A Parquet file has a column `image` (bytes of a PNG, JPEG or WebP) and a column `label` (the name or the number of
    the class); a folder has one sub-folder of images for each class, named like the class ("/" written as "-").

    Args:
        path: a .parquet file or a folder.
        labels: names of the subject's classes, in order.

    Raises:
        InputError: the data are missing, empty or damaged, or no row is sound.
    """
    if path.is_dir():
        return _labelled(
            _in_folders(path, labels),
            path.name,
            f"{path} holds no images: it needs one sub-folder of PNG, JPEG or WebP files for each class.",
        )
    if path.is_file() and path.suffix == ".parquet":
        return _labelled(_in_table(path, labels, path.name), path.name)
    raise InputError(f"There are no images at {path}: name a .parquet file or a folder with one sub-folder a class.")


def parse_labelled_images(content: bytes, labels: Sequence[str], name: str = _UNNAMED) -> LabelledImages:
    """Read an uploaded Parquet file, otherwise like `read_labelled_images`.

    Args:
        content: the file's bytes.
        labels: names of the subject's classes, in order.
        name: what the file is called in messages.

    Raises:
        InputError: as above, and when there are more images than `limits.TABLES.uploaded_rows`.
    """
    return _labelled(_in_table(content, labels, name), name)


def read_images(path: Path) -> Kept[Image.Image]:
    """Read images whatever their labels: a Parquet file with a column `image`, or a folder with images at any depth.

    Args:
        path: a .parquet file or a folder.

    Returns:
        The images; what is no sound image is in `left_out`.

    Raises:
        InputError: the file is damaged or no image is sound.
    """
    found: Iterable[tuple[str, object]]
    if path.is_dir():
        found = _files(path.rglob("*"), path)
    elif path.is_file() and path.suffix == ".parquet":
        found = _contents(path, path.name)
    else:
        raise InputError(f"There are no images at {path}: name a .parquet file or a folder of PNG, JPEG or WebP files.")
    empty = f"{path} holds no images: name a .parquet file or a folder of PNG, JPEG or WebP files."
    read = _labelled((_judged(content, where, lambda where: 0) for where, content in found), path.name, empty)
    return Kept(read.images, read.left_out)


def write_labelled_images(images: np.ndarray, labels: np.ndarray, names: Sequence[str], path: Path) -> None:
    """Write labelled images as Parquet with PNG bytes and class names.

    Args:
        images: uint8 `[n, height, width, 1 or 3]`.
        labels: numbers of their classes, `[n]`.
        names: of the classes, in order.
        path: where to.
    """
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


def _within(name: str) -> str:
    """The name of a file within a sentence."""
    return "the file" if name == _UNNAMED else name


def _labelled(rows: Iterable[tuple[Image.Image, int] | str], name: str, empty: str = "") -> LabelledImages:
    """Gather images and numbers of classes, or what is wrong with a row. Raises `InputError` where none is sound."""
    images, numbers, left_out = list[Image.Image](), list[int](), list[LeftOut]()
    pixels = 0
    for row, found in enumerate(rows, start=1):
        if isinstance(found, str):
            left_out.append(LeftOut(row, found))
            continue
        image, number = found
        pixels += image.width * image.height
        if pixels > limits.IMAGES.pixels_in_all:
            raise InputError(
                f"{name} holds images of more than {limits.IMAGES.pixels_in_all:,} pixels in all: take fewer, or scale "
                "them down."
            )
        images.append(image)
        numbers.append(number)
    if left_out and not images:
        raise InputError(none_is_sound(left_out))
    if not images:
        raise InputError(empty or f"{name} holds no images: choose a data set that is not empty.")
    return LabelledImages(images, np.array(numbers, dtype=np.int64), tuple(left_out))


def _in_table(source: Path | bytes, labels: Sequence[str], name: str) -> Iterator[tuple[Image.Image, int] | str]:
    classes = ClassNumbers.of(labels)
    for number, row in enumerate(_rows(source, ("image", "label"), name), start=1):
        where = f"Image {number} of {_within(name)}"
        if isinstance(row, Fault):
            yield f"{where} has a wrong {row.field}. {row.problem}"
        else:
            yield _judged(row["image"], where, partial(classes.number, row["label"]))


def _in_folders(path: Path, labels: Sequence[str]) -> Iterator[tuple[Image.Image, int] | str]:
    classes = ClassNumbers.of(labels)
    try:
        folders = sorted(entry for entry in path.iterdir() if entry.is_dir())
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}): check its permissions.") from error
    for folder in folders:
        for where, content in _files(folder.glob("*"), path):
            yield _judged(content, where, partial(classes.of_folder, folder.name))


def _judged(content: object, where: str, classify: Callable[[str], int]) -> tuple[Image.Image, int] | str:
    """The image and its class, or what is wrong with one of them; `where` names it."""
    try:
        if isinstance(content, Fault):
            return f"{where} {content.problem}"
        return _image(content, where), classify(where)
    except InputError as error:
        return str(error)


def _contents(path: Path, name: str) -> Iterator[tuple[str, object]]:
    for number, row in enumerate(_rows(path, ("image",), name), start=1):
        yield f"Image {number} of {name}", None if isinstance(row, Fault) else row["image"]


def _rows(source: Path | bytes, columns: Sequence[str], name: str) -> Iterator[dict[str, Any] | Fault]:
    uploaded = isinstance(source, bytes)
    most = limits.TABLES.uploaded_rows if uploaded else limits.TABLES.rows
    return parquet_rows(source, columns, name, most, (_TOO_MANY_HERE if uploaded else _TOO_MANY).format(most))


def _files(entries: Iterable[Path], root: Path) -> Iterator[tuple[str, bytes | Fault]]:
    """The content of each image file in order of the names, or what keeps it from being read, as the end of a sentence.

    What only has the name of an image (a folder, a link to nothing) is reported as well.
    """
    try:
        found = sorted(entry for entry in entries if entry.suffix.lower() in _SUFFIXES)
    except (OSError, RecursionError) as error:
        raise InputError(f"{root} can't be searched for images: check its permissions and links.") from error
    if len(found) > limits.IMAGES.files:
        raise InputError(f"{root} holds more than {limits.IMAGES.files:,} images: take fewer of them.")
    for file in found:
        where = str(file.relative_to(root))
        try:
            if file.is_dir():
                yield where, Fault("file", "is a folder, not an image file: rename it.")
            elif file.is_symlink() and not file.exists():
                yield where, Fault("file", "is a link to a file that is not there: remove it.")
            elif not file.is_file():
                yield where, Fault("file", "is no ordinary file: remove it.")
            else:
                yield where, read_bytes(file, limits.IMAGES.bytes)
        except OversizeError as error:
            yield where, Fault("file", f"can't be read. {error}")
        except OSError as error:
            yield where, Fault("file", f"can't be read ({error.strerror or 'the disk refused'}).")


def _image(content: object, where: str) -> Image.Image:
    if not isinstance(content, bytes):
        raise InputError(f"{where} is not the bytes of an image file.")
    try:
        return read_image(content)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
