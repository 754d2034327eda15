"""Read untrusted CSV and JSON files into the records they hold."""

from __future__ import annotations

import csv
import io
import json

from ..errors import InputError
from .record_schema import Record, RecordSchema

MAX_BYTES = 5_000_000
MAX_RECORDS = 20_000
LABEL = "label"  # a column of this name may stand beside the fields
_DELIMITERS = (",", ";", "\t")


def read_records(content: bytes, schema: RecordSchema) -> list[Record]:
    """All records in a file: a JSON object, a JSON list of objects, or CSV with a header (`,`, `;` or tab).

    A column `label` is passed over. Raises `InputError`, which names the row, for anything that is not a valid record.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"The file is larger than {MAX_BYTES // 1_000_000} MB: cut it into smaller ones.")
    rows = read_rows(content, schema)
    if len(rows) > MAX_RECORDS:
        raise InputError(f"The file holds {len(rows):,} records, more than {MAX_RECORDS:,}: cut it into smaller ones.")
    return parse_rows(rows, schema)


def read_rows(content: bytes, schema: RecordSchema) -> list[dict[str, object]]:
    """The rows of a CSV or JSON file as they stand there, at least one. Raises `InputError`."""
    if not content.strip():
        raise InputError("The file is empty: choose a CSV or JSON file with a record in it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("The file is not text in UTF-8: save it as CSV or JSON in UTF-8 and try again.") from None
    return _json_rows(text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text, schema)


def parse_rows(rows: list[dict[str, object]], schema: RecordSchema) -> list[Record]:
    """The valid records in `rows`. Raises `InputError`, which names the row, for anything else."""
    records = []
    for number, row in enumerate(rows, start=1):
        try:
            records.append(schema.parse({name: value for name, value in row.items() if name != LABEL}))
        except InputError as error:
            raise InputError(f"Row {number}: {error}" if len(rows) > 1 else str(error)) from error
    return records


def _json_rows(text: str) -> list[dict[str, object]]:
    try:
        found = json.loads(text, object_pairs_hook=_fields)
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError("The file looks like JSON but is damaged: save it again and try again.") from None
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError("A record in JSON is an object with a value for each field: write it as one.")
    return rows


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InputError("A record names a field twice: keep one of them.")
    return fields


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
