"""Classifiers of records: a table's row in, its fields as columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError, SubjectError
from ..inspection import Layout
from .record_schema import Record, RecordSchema, load_schema

MAX_BYTES = 5_000_000
MAX_RECORDS = 20_000
LABEL = "label"  # a column of this name may stand beside the fields and is not read
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class RecordAdapter:
    """Feeds records to a Transformers sequence classifier, one token a field."""

    schema: RecordSchema

    @property
    def kind(self) -> str:
        """Always "record"."""
        return "record"

    def read(self, content: bytes) -> Record:
        """The record in a JSON object or in a CSV file of one row. Raises `InputError`."""
        records = read_records(content, self.schema)
        if len(records) > 1:
            raise InputError(f"The file holds {len(records):,} records: choose one of them.")
        return records[0]

    def write(self, one: Record) -> bytes:
        """The record as a JSON object, the same bytes for the same values; `read` reads it back."""
        ordered = {name: one[name] for name in self.schema.names}
        return json.dumps(ordered, ensure_ascii=False, indent=1).encode()

    def encode(self, inputs: Sequence[Record]) -> dict[str, Tensor]:
        """`input_ids`, int64 `[batch, 1 + fields]`. Raises `InputError` for a record that is not valid."""
        return {"input_ids": torch.tensor([self.schema.tokens(self.schema.parse(one)) for one in inputs])}

    def layout(self, one: Record, keys: int) -> Layout:
        """[CLS], then the fields by name."""
        return Layout(("[CLS]", *self.schema.names), (True,) + (False,) * len(self.schema.fields))


def record_adapter(folder: Path, config: Any) -> RecordAdapter:
    """The adapter of a model folder. Raises `SubjectError` when its schema is missing, damaged, or another model's."""
    schema = load_schema(folder)
    labels = [str(label) for label in config.id2label.values()]
    if config.vocab_size != schema.vocabulary or schema.positive_label not in labels:
        raise SubjectError(f"The records.json of {folder.name} does not fit its model: copy both from the same place.")
    return RecordAdapter(schema)


def read_records(content: bytes, schema: RecordSchema) -> list[Record]:
    """All records in a file: a JSON object, a JSON list of objects, or CSV with a header (`,`, `;` or tab).

    A column `label` is passed over. Raises `InputError`, which names the row, for anything that is not a valid record.
    """
    if not content.strip():
        raise InputError("The file is empty: choose a CSV or JSON file with a record in it.")
    if len(content) > MAX_BYTES:
        raise InputError(f"The file is larger than {MAX_BYTES // 1_000_000} MB: cut it into smaller ones.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("The file is not text in UTF-8: save it as CSV or JSON in UTF-8 and try again.") from None
    rows = _json_rows(text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text, schema)
    if len(rows) > MAX_RECORDS:
        raise InputError(f"The file holds {len(rows):,} records, more than {MAX_RECORDS:,}: cut it into smaller ones.")
    records = []
    for number, row in enumerate(rows, start=1):
        try:
            records.append(schema.parse({name: value for name, value in row.items() if name != LABEL}))
        except InputError as error:
            raise InputError(f"Row {number}: {error}" if len(rows) > 1 else str(error)) from error
    return records


def _json_rows(text: str) -> list[dict[str, object]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("The file looks like JSON but is damaged: save it again and try again.") from None
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError("A record in JSON is an object with a value for each field: write it as one.")
    return rows


def _csv_rows(text: str, schema: RecordSchema) -> list[dict[str, object]]:
    header, *_ = text.lstrip().split("\n", 1)
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter) if any(line)]
    except csv.Error:
        raise InputError("The file is no readable CSV: save it again and try again.") from None
    names = [name.strip() for name in lines[0]] if lines else []
    if not set(names) & set(schema.names):
        raise InputError(f"The first line must name the fields: {', '.join(schema.names)}.")
    if len(set(names)) != len(names):
        raise InputError("The first line names a field twice: keep one of them.")
    if len(lines) < 2:
        raise InputError("The file has a header but no record below it: add one.")
    for number, line in enumerate(lines[1:], start=1):
        if len(line) != len(names):
            raise InputError(f"Row {number} has {len(line)} values for {len(names)} fields: add or remove some.")
    return [dict(zip(names, line, strict=True)) for line in lines[1:]]
