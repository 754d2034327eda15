"""CSV from outside, row by row: what one row gets wrong is said of that row, and the others are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from .. import limits
from .damaged import DamagedError, OversizeError

_BROKEN = "is no sound CSV (a quotation mark or a line end stands in the wrong place, or a value is too long)"


def read_csv(content: bytes, delimiters: str = ",") -> tuple[list[str], Iterator[list[str] | str]]:
    """Read a CSV file in UTF-8, row by row.

    Empty lines are passed over. An empty file has no names.

    Args:
        content: the bytes of the file.
        delimiters: characters that may delimit its cells, by default only a comma; the one that the first line holds
            most often is taken.

    Returns:
        The names in the first line, and an iterator over the further rows: the cells of each, or a text that says what
        is wrong with the row, as the rest of a sentence that begins with it.

    Raises:
        DamagedError: it is not text in UTF-8, its first line can't be read or names a column twice, or it is too large.

    Example:
        >>> names, rows = read_csv(b"text,label\\nfine film,1\\n")
        >>> names, list(rows)
        (['text', 'label'], [['fine film', '1']])
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DamagedError("The file is not text in UTF-8: save it as CSV in UTF-8 and try again.") from None
    first, *_ = text.lstrip("\r\n").split("\n", 1)
    delimiter = max(delimiters, key=first.count)
    lines = _lines(text, delimiter)
    header = next(lines, [])
    if isinstance(header, str):
        raise DamagedError("The first line of the file is no readable CSV: save it again and try again.")
    names = [name.strip() for name in header]
    if len(names) > limits.TABLES.columns:
        raise OversizeError(f"The file has {len(names):,} columns, more than {limits.TABLES.columns:,}: cut it up.")
    if len(set(names)) != len(names):
        raise DamagedError("The first line names a field twice: keep one of them.")
    return names, _rows(lines, len(names))


def _rows(lines: Iterator[list[str] | str], width: int) -> Iterator[list[str] | str]:
    for number, line in enumerate(lines, start=1):
        if number > limits.TABLES.rows:
            raise OversizeError(f"The file has more than {limits.TABLES.rows:,} rows: cut it into smaller ones.")
        if isinstance(line, str):
            yield line
        elif len(line) != width:
            yield f"has {_values(len(line))} for {width:,} fields: add or remove some."
        else:
            yield line


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _lines(text: str, delimiter: str) -> Iterator[list[str] | str]:
    """The values of each line that is not empty, or what is wrong with it; reading goes on after it."""
    # Python's limit is one for the whole process; it is only ever raised, so that threads agree on it.
    csv.field_size_limit(max(csv.field_size_limit(), limits.TABLES.characters))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            line = next(reader, None)
        except csv.Error as error:
            end = "unexpected end" in str(error)
            yield (
                f"{_BROKEN}; its quotation mark is never closed, so nothing after it is read." if end else f"{_BROKEN}."
            )
            continue
        if line is None:
            return
        if any(len(value) > limits.TABLES.characters for value in line):
            yield f"{_BROKEN}."
        elif line:
            yield line
