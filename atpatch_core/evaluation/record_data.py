"""Read records for an evaluation or a debugging set: CSV, JSON or Parquet with the fields and a column `label`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .. import limits
from ..errors import InputError
from ..files.content import read_bytes
from ..files.kept import Kept
from ..files.parquet_files import Fault
from ..files.whole_files import replacing
from ..subjects.record_files import LABEL, FaultyRow, Row, parse_row, read_rows
from ..subjects.record_schema import Record, RecordSchema
from .class_numbers import ClassNumbers
from .labelled import LabelledInputs
from .tables import parquet_rows, sound_rows

_PARQUET = b"PAR1"
_SUFFIXES = (".csv", ".json", ".parquet")


class LabelledRecords(LabelledInputs[Record]):
    """Labelled records."""

    @property
    def records(self) -> list[Record]:
        """The records."""
        return self.inputs


def read_labelled_records(path: Path, schema: RecordSchema, labels: Sequence[str]) -> LabelledRecords:
    """Read labelled records: every sound row, and why the others are left out.

    Args:
        path: a .csv, .json or .parquet file with the fields and a column `label` of names or numbers of classes.
        schema: the fields.
        labels: names of the subject's classes, in order.

    Raises:
        InputError: the data are missing, empty or damaged, or no row is sound.
    """
    if not path.is_file() or path.suffix not in _SUFFIXES:
        raise InputError(f"There are no records at {path}: name a .csv, .json or .parquet file of fields and {LABEL}.")
    return parse_labelled_records(_content(path), schema, labels, path.name)


def parse_labelled_records(
    content: bytes, schema: RecordSchema, labels: Sequence[str], name: str = "The file"
) -> LabelledRecords:
    """Read the bytes of a Parquet, CSV or JSON file, otherwise like `read_labelled_records`.

    Args:
        content: the file's bytes.
        schema: the fields.
        labels: names of the subject's classes, in order.
        name: what the file is called in messages.

    Raises:
        InputError: the data are empty or damaged, or no row is sound.
    """
    classes = ClassNumbers.of(labels)
    rows = list(_rows(content, schema, name))
    if not any(LABEL in row for row in rows if isinstance(row, dict)):
        raise InputError(f"{name} needs a column {LABEL} beside the fields: add the true class of every record.")

    def read(row: Row | FaultyRow, number: int) -> tuple[Record, int]:
        record = parse_row(row, number, schema)
        assert isinstance(row, dict)  # or else it was no record
        return record, classes.number(row.get(LABEL), f"Row {number}")

    found = sound_rows(rows, read)
    return LabelledRecords(
        [record for record, _ in found], np.array([number for _, number in found], np.int64), found.left_out
    )


def read_people(path: Path, schema: RecordSchema) -> Kept[Record]:
    """Read records whatever their labels: CSV, JSON or Parquet with the fields. A column `label` is passed over.

    Args:
        path: the file.
        schema: the fields.

    Returns:
        The records; other rows are in `left_out`.

    Raises:
        InputError: the data are missing, empty or damaged, or no row is sound.
    """
    if not path.is_file() or path.suffix not in _SUFFIXES:
        raise InputError(f"There are no records at {path}: name a .csv, .json or .parquet file of fields.")
    rows = _rows(_content(path), schema, path.name)
    return sound_rows(rows, lambda row, number: parse_row(row, number, schema))


def write_labelled_records(data: LabelledRecords, names: Sequence[str], path: Path) -> None:
    """Write records and class names as Parquet.

    Args:
        data: labelled records.
        names: of the classes, in order.
        path: where to.
    """
    rows = [{**record, LABEL: names[label]} for record, label in zip(data.records, data.labels, strict=True)]
    with replacing(path) as file:
        pq.write_table(pa.Table.from_pylist(rows), file, compression="zstd")


def _content(path: Path) -> bytes:
    try:
        return read_bytes(path, limits.TABLES.csv_bytes)
    except OSError as error:
        raise InputError(f"{path.name} can't be read ({error.strerror or 'the disk refused'}).") from error


def _rows(content: bytes, schema: RecordSchema, name: str) -> Iterator[Row | FaultyRow]:
    """The rows of a file, at least one. Raises `InputError`."""
    if not content.startswith(_PARQUET):
        yield from read_rows(content, schema)
        return
    count, most = 0, limits.TABLES.rows
    for row in parquet_rows(content, (), name, most, f"records, more than {most:,}: take fewer of them."):
        count += 1
        yield FaultyRow(f"has a wrong {row.field}. {row.problem}") if isinstance(row, Fault) else row
    if not count:
        raise InputError(f"{name} holds no records: choose a data set that is not empty.")
