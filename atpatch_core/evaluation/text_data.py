"""Read labelled texts for an evaluation: CSV or Parquet with the columns `text` and `label`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .. import limits
from ..errors import InputError
from ..files.content import read_bytes
from ..files.csv_files import read_csv
from ..files.damaged import DamagedError
from ..files.kept import Kept
from ..files.parquet_files import Fault
from ..files.whole_files import replacing
from ..subjects.text_files import read_text
from .class_numbers import ClassNumbers
from .labelled import LabelledInputs
from .tables import listed_names, parquet_rows, sound_rows

_COLUMNS = ("text", "label")
Read = TypeVar("Read")


class LabelledTexts(LabelledInputs[str]):
    """Labelled texts."""

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return self.inputs


def read_labelled_texts(path: Path, labels: Sequence[str]) -> LabelledTexts:
    """Read labelled texts: every sound row, and why the others are left out.

    Args:
        path: a .csv or .parquet file with the columns `text` and `label`, which holds names or numbers of classes.
        labels: names of the subject's classes, in order.

    Raises:
        InputError: the data are missing, empty or damaged, or no row is sound.
    """
    if not path.is_file() or path.suffix not in (".csv", ".parquet"):
        raise InputError(f"There are no texts at {path}: name a .csv or .parquet file of text and label.")
    classes = ClassNumbers.of(labels)

    def read(row: dict[str, Any], where: str) -> tuple[str, int]:
        return _text(row["text"], where), classes.number(row["label"], where)

    found = _read(path, _COLUMNS, read)
    return LabelledTexts(
        [text for text, _ in found], np.array([number for _, number in found], np.int64), found.left_out
    )


def read_texts(path: Path) -> Kept[str]:
    """Read texts whatever their labels.

    Args:
        path: a .csv or .parquet file with a column `text`.

    Returns:
        The texts; other rows are in `left_out`.

    Raises:
        InputError: the data are missing, empty or damaged, or no row is sound.
    """
    if not path.is_file() or path.suffix not in (".csv", ".parquet"):
        raise InputError(f"There are no texts at {path}: name a .csv or .parquet file with a column text.")
    return _read(path, _COLUMNS[:1], lambda row, where: _text(row["text"], where))


def write_labelled_texts(texts: Sequence[str], labels: np.ndarray, names: Sequence[str], path: Path) -> None:
    """Write texts as Parquet with class names.

    Args:
        texts: what to write.
        labels: numbers of their classes, `[n]`.
        names: of the classes, in order.
        path: where to.
    """
    table = pa.table({"text": pa.array(texts, pa.string()), "label": pa.array([names[label] for label in labels])})
    with replacing(path) as file:
        pq.write_table(table, file, compression="zstd")


def _read(path: Path, columns: Sequence[str], read: Callable[[dict[str, Any], str], Read]) -> Kept[Read]:
    """What `read` makes of each sound row and of what it is called."""

    def sound(row: dict[str, Any] | Fault, number: int) -> Read:
        where = f"Text {number} of {path.name}"
        if isinstance(row, Fault):
            raise InputError(f"{where} has a wrong {row.field}. {row.problem}" if row.field else where + row.problem)
        return read(row, where)

    empty = f"{path.name} holds no texts: choose a data set that is not empty."
    return sound_rows(_rows(path, columns), sound, empty)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any] | Fault]:
    if path.suffix == ".parquet":
        most = limits.TABLES.rows
        return parquet_rows(path, columns, path.name, most, f"texts, more than {most:,}: take fewer of them.")
    return _csv_rows(path, columns)


def _csv_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any] | Fault]:
    try:
        names, rows = read_csv(read_bytes(path, limits.TABLES.csv_bytes))
        if names and not set(columns) <= set(names):
            named = f"columns {' and '.join(columns)}" if len(columns) > 1 else f"column {columns[0]}"
            raise InputError(f"{path.name} needs the {named}, it has {listed_names(names)}.")
        for row in rows:
            yield Fault("", f" {row}") if isinstance(row, str) else dict(zip(names, row, strict=True))
    except DamagedError as error:
        raise InputError(f"{path.name}: {error}") from error
    except OSError as error:
        raise InputError(f"{path.name} can't be read ({error.strerror or 'the disk refused'}).") from error


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where} is no text: fill it in, or leave the row out.")
    try:
        return read_text(value.encode("utf-8", "surrogatepass"))
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
