"""Tables as CSV that a spreadsheet shows and never runs.

Excel, LibreOffice and Google Sheets take a cell for a formula that begins with `=`, `+`, `-` or `@` (also in their wide
forms, and after blanks), and a formula can fetch addresses and start programs. So text that begins like that gets an
apostrophe in front, which they take for "this is text". Text that begins with an apostrophe gets another one, so that
`text_of` gives back every text exactly. Numbers are numbers.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence

_MARK = "'"
# Blanks may come first: what is dropped when a cell is read, or begins another line in it.
_FORMULA = re.compile(r"[\s\x00-\x20\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\x00|]")


def as_csv(rows: Iterable[Sequence[str | float | None]]) -> str:
    """A table as CSV in which no spreadsheet finds a formula.

    Args:
        rows: the head first; cells are text, numbers (written with six digits; NaN and infinity become empty), or
            `None` for an empty one.

    Example:
        >>> as_csv([("name", "share"), ("=1+1", 0.25)])
        "name,share\\r\\n'=1+1,0.25\\r\\n"
    """
    text = io.StringIO()
    # With this line end, a lone carriage return in a cell is quoted, too: it would begin another row, and a formula.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue()


def cell_of(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula; `text_of` gives it back.

    >>> cell_of("=1+1"), cell_of("plain"), cell_of("'quoted'")
    ("'=1+1", 'plain', "''quoted'")
    """
    return _MARK + text if text.startswith(_MARK) or _FORMULA.match(text) else text


def text_of(cell: str) -> str:
    """What `cell_of` made `cell` of; other text that begins with an apostrophe before anything harmless stays as it is.

    >>> text_of("'=1+1"), text_of("plain"), text_of("''quoted'"), text_of("'til then")
    ('=1+1', 'plain', "'quoted'", "'til then")
    """
    rest = cell[1:]
    return rest if cell.startswith(_MARK) and (rest.startswith(_MARK) or _FORMULA.match(rest)) else cell


def _written(cell: str | float | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell_of(cell)
    if isinstance(cell, int):
        return str(cell)
    return f"{cell:.6g}" if math.isfinite(cell) else ""
