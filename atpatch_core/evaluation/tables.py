"""The rows of a Parquet file of a data set, from the disk or uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputError
from ..files.damaged import DamagedError
from ..files.kept import Kept, LeftOut, none_is_sound
from ..files.parquet_files import Fault, open_parquet
from ..files.values import printable

Row = TypeVar("Row")
Read = TypeVar("Read")


def parquet_rows(
    source: Path | bytes, needed: Sequence[str], name: str, most_rows: int, beyond: str
) -> Iterator[dict[str, Any] | Fault]:
    """The values of the columns `needed` (all columns, if it is empty) in each row, or what is wrong with the row.

    Raises `InputError` when the file can't be read or lacks a column, and, ending in `beyond`, when it has more than
    `most_rows`.
    """
    try:
        with open_parquet(source) as table:
            if not set(needed) <= set(table.names):
                columns = f"columns {' and '.join(needed)}" if len(needed) > 1 else f"column {needed[0]}"
                raise InputError(f"{name} needs the {columns}, it has {listed_names(table.names)}.")
            if table.count > most_rows:
                raise InputError(f"{name} holds {table.count:,} {beyond}")
            yield from table.rows(needed or table.names)
    except DamagedError as error:
        raise InputError(f"{name}{str(error).removeprefix('The file')}") from error
    except OSError as error:
        raise InputError(f"{name} can't be read ({error.strerror or 'damaged'}): check the name.") from error


def listed_names(names: Sequence[str], most: int = 20) -> str:
    """The names of columns for a sentence."""
    listed = ", ".join(printable(name[:40]) for name in names[:most]) or "none"
    return f"{listed} and {len(names) - most:,} more" if len(names) > most else listed


def sound_rows(rows: Iterable[Row], read: Callable[[Row, int], Read], empty: str = "") -> Kept[Read]:
    """What `read` makes of each row and its number, and why it does not of the others.

    Raises `InputError` where none is sound, which says `empty` where there is no row at all.
    """
    found, left_out = list[Read](), list[LeftOut]()
    for number, row in enumerate(rows, start=1):
        try:
            found.append(read(row, number))
        except InputError as error:
            left_out.append(LeftOut(number, str(error)))
    if not found:
        raise InputError(none_is_sound(left_out) if left_out else empty)
    return Kept(found, left_out)
