"""Read records for an evaluation or a debugging set: CSV, JSON or Parquet with the fields and a column `label`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from ..subjects.record_files import LABEL, parse_rows, read_rows
from ..subjects.record_schema import Record, RecordSchema
from ..whole_files import replacing

_PARQUET = b"PAR1"
_SUFFIXES = (".csv", ".json", ".parquet")


@dataclass(frozen=True)
class LabelledRecords:
    """Records and the numbers of their classes, `int64 [n]`."""

    records: list[Record]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: np.ndarray) -> LabelledRecords:
        """The records at `index`, in that order."""
        return LabelledRecords([self.records[number] for number in index], self.labels[index])


def read_labelled_records(path: Path, schema: RecordSchema, labels: Sequence[str]) -> LabelledRecords:
    """Read a data set for a subject whose classes are `labels`; the column `label` holds names or numbers of classes.

    Raises `InputError` when the data are missing, empty or damaged, or name an unknown class.
    """
    if not path.is_file() or path.suffix not in _SUFFIXES:
        raise InputError(f"There are no records at {path}: name a .csv, .json or .parquet file of fields and {LABEL}.")
    return parse_labelled_records(path.read_bytes(), schema, labels, path.name)


def parse_labelled_records(
    content: bytes, schema: RecordSchema, labels: Sequence[str], name: str = "The file"
) -> LabelledRecords:
    """Read the bytes of a Parquet, CSV or JSON file, otherwise like `read_labelled_records`."""
    rows = _rows(content, schema, name)
    if not all(LABEL in row for row in rows):
        raise InputError(f"{name} needs a column {LABEL} beside the fields: add the true class of every record.")
    answers = np.array([_class_number(row[LABEL], labels, name) for row in rows], dtype=np.int64)
    return LabelledRecords(parse_rows(rows, schema), answers)


def read_people(path: Path, schema: RecordSchema) -> list[Record]:
    """Read records whatever their labels: CSV, JSON or Parquet with the fields; a column `label` is passed over.

    Raises `InputError` when the data are missing, empty or damaged.
    """
    if not path.is_file() or path.suffix not in _SUFFIXES:
        raise InputError(f"There are no records at {path}: name a .csv, .json or .parquet file of fields.")
    return parse_rows(_rows(path.read_bytes(), schema, path.name), schema)


def write_labelled_records(data: LabelledRecords, names: Sequence[str], path: Path) -> None:
    """Write records and class names as Parquet."""
    rows = [{**record, LABEL: names[label]} for record, label in zip(data.records, data.labels, strict=True)]
    with replacing(path) as file:
        pq.write_table(pa.Table.from_pylist(rows), file, compression="zstd")


def _rows(content: bytes, schema: RecordSchema, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]]
    if content.startswith(_PARQUET):
        try:
            rows = pq.read_table(pa.BufferReader(content)).to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{name} is no readable Parquet file: write it again.") from error
    else:
        rows = read_rows(content, schema)
    if not rows:
        raise InputError(f"{name} holds no records: choose a data set that is not empty.")
    return rows


def _class_number(answer: object, labels: Sequence[str], where: str) -> int:
    name = str(answer).strip()
    if name in labels:
        return list(labels).index(name)
    if name.isascii() and name.isdigit() and int(name) < len(labels):
        return int(name)
    raise InputError(f"{where} has a label {name[:40]!r} that the model does not know; it knows {', '.join(labels)}.")
