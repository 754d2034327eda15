"""The tables of a debugging set, whose every row must be sound: a detector learns from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import limits
from ..files.damaged import DamagedError, OversizeError
from ..files.parquet_files import Fault, open_parquet


def stored_rows(file: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    """All rows of a Parquet file.

    Args:
        file: of a debugging set.
        columns: names of the columns that are needed.

    Raises:
        DamagedError: a column is missing, a row can't be read, or there are too many.
        OSError: the file can't be read.
    """
    with open_parquet(file) as table:
        if not set(columns) <= set(table.names):
            raise DamagedError(f"{file.name} lacks a column: it needs {', '.join(columns)}.")
        if table.count > limits.TABLES.debugging_rows:
            raise OversizeError(f"{file.name} has more than {limits.TABLES.debugging_rows:,} rows: make a smaller set.")
        rows = []
        for number, row in enumerate(table.rows(columns), start=1):
            if isinstance(row, Fault):
                raise DamagedError(f"Row {number} of {file.name} has a wrong {row.field}. {row.problem}")
            rows.append(row)
    return rows
