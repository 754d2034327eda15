"""Read labelled texts for an evaluation: CSV or Parquet with the columns `text` and `label`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from ..subjects.text_files import read_text
from ..whole_files import replacing

_COLUMNS = ("text", "label")


@dataclass(frozen=True)
class LabelledTexts:
    """Texts and the numbers of their classes, `int64 [n]`."""

    texts: list[str]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def inputs(self) -> list[str]:
        """The texts."""
        return self.texts


def read_labelled_texts(path: Path, labels: Sequence[str]) -> LabelledTexts:
    """Read a data set for a subject whose classes are `labels`; the column `label` holds names or numbers of classes.

    Raises `InputError` when the data are missing, empty or damaged, or name an unknown class.
    """
    if not path.is_file() or path.suffix not in (".csv", ".parquet"):
        raise InputError(f"There are no texts at {path}: name a .csv or .parquet file of text and label.")
    rows = _parquet_rows(path, _COLUMNS) if path.suffix == ".parquet" else _csv_rows(path, _COLUMNS)
    if not rows:
        raise InputError(f"{path.name} holds no texts: choose a data set that is not empty.")
    texts = [_text(text, f"Text {number} of {path.name}") for number, (text, _) in enumerate(rows, 1)]
    return LabelledTexts(texts, np.array([_class_number(answer, labels, path.name) for _, answer in rows], np.int64))


def read_texts(path: Path) -> list[str]:
    """Read texts whatever their labels: CSV or Parquet with a column `text`.

    Raises `InputError` when the data are missing, empty or damaged.
    """
    if not path.is_file() or path.suffix not in (".csv", ".parquet"):
        raise InputError(f"There are no texts at {path}: name a .csv or .parquet file with a column text.")
    rows = _parquet_rows(path, _COLUMNS[:1]) if path.suffix == ".parquet" else _csv_rows(path, _COLUMNS[:1])
    if not rows:
        raise InputError(f"{path.name} holds no texts: choose a data set that is not empty.")
    return [_text(row[0], f"Text {number} of {path.name}") for number, row in enumerate(rows, 1)]


def write_labelled_texts(texts: Sequence[str], labels: np.ndarray, names: Sequence[str], path: Path) -> None:
    """Write texts and class numbers as Parquet with class names."""
    table = pa.table({"text": pa.array(texts, pa.string()), "label": pa.array([names[label] for label in labels])})
    with replacing(path) as file:
        pq.write_table(table, file, compression="zstd")


def _parquet_rows(path: Path, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} is no readable Parquet file: write it again.") from error
    _check_columns(path.name, table.column_names, columns)
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def _csv_rows(path: Path, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    try:
        content = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(content, newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} is no CSV file in UTF-8: save it as one and try again.") from error
    if not rows:
        return []
    _check_columns(path.name, [str(name) for name in rows[0]], columns)
    return [tuple(row[name] for name in columns) for row in rows]


def _check_columns(name: str, columns: Sequence[str], needed: Sequence[str]) -> None:
    if not set(needed) <= set(columns):
        named = f"columns {' and '.join(needed)}" if len(needed) > 1 else f"column {needed[0]}"
        raise InputError(f"{name} needs the {named}, it has {', '.join(columns)}.")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where} is no text: fill it in, or leave the row out.")
    try:
        return read_text(value.encode("utf-8", "surrogatepass"))
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _class_number(answer: object, labels: Sequence[str], where: str) -> int:
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(labels):
        return answer
    text = str(answer)
    if text in labels:
        return list(labels).index(text)
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) < len(labels):
        return int(text)
    raise InputError(f"{where} has a label {text[:40]!r} that the model does not know; it knows {', '.join(labels)}.")
