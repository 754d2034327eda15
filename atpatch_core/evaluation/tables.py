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
    """The values in each row of a Parquet file, or what is wrong with the row.

    Args:
        source: the file, or its bytes.
        needed: names of the columns to read; all columns, if it is empty.
        name: what the file is called in messages.
        most_rows: how many rows it may have.
        beyond: the end of the message when it has more.

    Raises:
        InputError: the file can't be read, lacks a column or has too many rows.
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
    """Read every row, and note why some can't be read.

    Args:
        rows: of a data set.
        read: makes something of a row and its number, from 1; raises `InputError` where that is not possible.
        empty: the message where there is no row at all.

    Raises:
        InputError: no row is sound.
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
