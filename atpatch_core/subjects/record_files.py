"""Read untrusted CSV and JSON files into the records they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .. import limits
from ..errors import InputError
from ..files.content import size
from ..files.csv_files import read_csv
from ..files.damaged import DamagedError
from ..files.json_files import Pairs, parse_json
from ..files.kept import Kept, LeftOut, none_is_sound
from .record_schema import Record, RecordSchema

LABEL = "label"  # a column of this name may stand beside the fields
_DELIMITERS = ",;\t"

Row = dict[str, object]


@dataclass(frozen=True)
class FaultyRow:
    """A row that is not a record.

    Attributes:
        problem: the rest of a sentence that begins with the row: "Row 3 ...".
    """

    problem: str


def read_records(content: bytes, schema: RecordSchema) -> list[Record]:
    """Read all records in a file, every one of which must be valid.

    Args:
        content: a JSON object, a JSON list of objects, or CSV with a header (delimited by `,`, `;` or tab). A column
            `label` is ignored.
        schema: the fields of a record.

    Returns:
        At least one record, in the order of the file.

    Raises:
        InputError: the file can't be read, or a row is not valid; the message names the first such row.
    """
    records = _judged(content, schema)
    if records.left_out:
        raise InputError(records.left_out[0].reason)
    return records


def read_table(content: bytes, schema: RecordSchema) -> Kept[Record]:
    """Read a file of records as `read_records` does, but keep every valid record.

    Args:
        content: JSON or CSV, as for `read_records`.
        schema: the fields of a record.

    Returns:
        The valid records; their `left_out` says what is wrong with each of the other rows.

    Raises:
        InputError: the file as a whole can't be read, or no row is valid.
    """
    records = _judged(content, schema)
    if not records:
        raise InputError(none_is_sound(records.left_out))
    return records


def read_rows(content: bytes, schema: RecordSchema) -> Iterator[Row | FaultyRow]:
    """The rows of a CSV or JSON file as they stand there, not yet checked; at least one.

    Args:
        content: JSON or CSV, as for `read_records`.
        schema: the fields of a record, of which a CSV file must name at least one.

    Raises:
        InputError: the file can't be read.
    """
    if not content.strip():
        raise InputError("The file is empty: choose a CSV or JSON file with a record in it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("The file is not text in UTF-8: save it as CSV or JSON in UTF-8 and try again.") from None
    yield from _json_rows(text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(content, schema)


def parse_row(row: Row | FaultyRow, number: int, schema: RecordSchema) -> Record:
    """The valid record in one row.

    Args:
        row: as `read_rows` yields it; a field `label` is ignored.
        number: of the row, from 1, for the message.
        schema: the fields of a record.

    Raises:
        InputError: the row is not a valid record; the message names the row.
    """
    if isinstance(row, FaultyRow):
        raise InputError(f"Row {number} {row.problem}")
    try:
        return schema.parse({name: value for name, value in row.items() if name != LABEL})
    except InputError as error:
        raise InputError(f"Row {number}: {error}") from error


def _judged(content: bytes, schema: RecordSchema) -> Kept[Record]:
    if len(content) > limits.RECORDS.bytes:
        raise InputError(f"The file is larger than {size(limits.RECORDS.bytes)}: cut it into smaller ones.")
    most = limits.RECORDS.records
    rows = list(islice(read_rows(content, schema), most + 1))
    if len(rows) > most:
        raise InputError(f"The file holds more than {most:,} records: cut it into smaller ones.")
    records, left_out = list[Record](), list[LeftOut]()
    for number, row in enumerate(rows, start=1):
        try:
            records.append(parse_row(row, number, schema))
        except InputError as error:
            reason = str(error) if len(rows) > 1 else str(error).removeprefix("Row 1: ")
            left_out.append(LeftOut(number, reason))
    return Kept(records, left_out)


def _json_rows(text: str) -> list[Row | FaultyRow]:
    try:
        found = parse_json(text, on_object=_fields)
    except DamagedError as error:
        raise InputError(f"The file looks like JSON but is damaged. {error}") from None
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict | FaultyRow) for row in rows):
        raise InputError("A record in JSON is an object with a value for each field: write it as one.")
    return rows


def _fields(pairs: Pairs) -> Row | FaultyRow:
    if len(pairs) > limits.RECORDS.fields:
        return FaultyRow(f"has {len(pairs):,} fields, more than {limits.RECORDS.fields:,}: leave some out.")
    fields = dict(pairs)
    if len(fields) != len(pairs):
        return FaultyRow("names a field twice: keep one of them.")
    return fields


def _csv_rows(content: bytes, schema: RecordSchema) -> Iterator[Row | FaultyRow]:
    try:
        names, rows = read_csv(content, _DELIMITERS)
        if not set(names) & set(schema.names):
            raise InputError(f"The first line must name the fields: {', '.join(schema.names)}.")
        if len(names) > limits.RECORDS.fields:
            raise InputError(
                f"The file has {len(names):,} columns, more than {limits.RECORDS.fields:,}: leave some out."
            )
        found = False
        for row in rows:
            found = True
            yield FaultyRow(row) if isinstance(row, str) else dict(zip(names, row, strict=True))
    except DamagedError as error:
        raise InputError(f"The file is no readable CSV. {error}") from None
    if not found:
        raise InputError("The file has a header but no record below it: add one.")
