"""Parquet from outside, row by row: what it would unpack to is known before it is unpacked.

A value that stands in a column many times is stored once, so that a small file can hold gigabytes. Its footer says how
many rows and values there are; texts and bytes are read as entries of a dictionary, which stays as small as the file,
and their lengths are added up before any of them is copied. Of one encoding, DELTA_BYTE_ARRAY, which can't be read so,
so few rows are read at once that they keep to the limit even if each value is as long as the whole column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import limits
from .content import size
from .damaged import DamagedError, OversizeError

_BATCH = 200  # rows unpacked at a time: more are faster, and take more memory
_DELTA = "DELTA_BYTE_ARRAY"
_UNREADABLE = "The file is no readable Parquet file: write it again."


@dataclass(frozen=True)
class Fault:
    """Why a row can't be read.

    Attributes:
        field: the column where it is wrong.
        problem: what is wrong there, as a sentence.
    """

    field: str
    problem: str


@dataclass(frozen=True)
class ParquetTable:
    """An open Parquet file; see `open_parquet`.

    Attributes:
        names: of its columns.
        count: of its rows.
    """

    names: tuple[str, ...]
    count: int
    _source: pq.ParquetFile
    _reopen: Any

    def rows(self, columns: Sequence[str]) -> Iterator[dict[str, Any] | Fault]:
        """The rows one by one, as far as they can be read.

        Args:
            columns: names of the columns to read.

        Returns:
            For each row its values by column, or what is wrong with it.

        Raises:
            DamagedError: the file can't be read at all, or is too large once unpacked.
        """
        chunks = self._chunks(columns)
        delta = {chunk.path_in_schema for chunk in chunks if _DELTA in chunk.encodings}
        texts = {chunk.path_in_schema for chunk in chunks if chunk.physical_type == "BYTE_ARRAY"}
        longest = max((chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in delta), default=1)
        at_once = max(1, min(_BATCH, limits.TABLES.unpacked // max(1, longest)))
        unpacked = 0
        try:
            source = self._reopen(read_dictionary=sorted(texts - delta))
            batches = source.iter_batches(at_once, columns=list(columns), use_threads=False)
        except Exception as error:  # whatever the library makes of a damaged file
            raise DamagedError(_UNREADABLE) from error
        while True:
            try:
                batch = next(batches, None)
                unpacked += sum(_unpacked(column) for column in batch.columns) if batch is not None else 0
            except Exception as error:
                raise DamagedError(_UNREADABLE) from error
            if batch is None:
                return
            _check_unpacked(unpacked)
            names, arrays = batch.schema.names, batch.columns
            for row in range(batch.num_rows):
                yield _row(names, arrays, row)

    def _chunks(self, columns: Sequence[str]) -> list[Any]:
        """The footer's entries of `columns` in all row groups. Raises `OversizeError`."""
        try:
            footer, chunks = self._source.metadata, []
            for number in range(footer.num_columns):
                path = self._source.schema.column(number).path
                if any(path == name or path.startswith(f"{name}.") for name in columns):
                    width, listed = self._source.schema.column(number).length or 0, self._is_listed(number)
                    for group in range(footer.num_row_groups):
                        chunk = footer.row_group(group).column(number)
                        chunks.append(chunk)
                        _check_unpacked(chunk.num_values * width)
                        if listed and _DELTA in chunk.encodings:
                            _check_unpacked(chunk.num_values * chunk.total_uncompressed_size)
        except DamagedError:
            raise
        except Exception as error:
            raise DamagedError(_UNREADABLE) from error
        values, bytes_ = (
            sum(chunk.num_values for chunk in chunks),
            sum(chunk.total_uncompressed_size for chunk in chunks),
        )
        if values > limits.TABLES.values:
            raise OversizeError(f"The file holds {values:,} values, more than {limits.TABLES.values:,}: cut it up.")
        _check_unpacked(bytes_)
        return chunks

    def _is_listed(self, number: int) -> bool:
        """Whether a row may hold several values of this column."""
        return bool(self._source.schema.column(number).max_repetition_level > 0)


@contextmanager
def open_parquet(source: Path | bytes) -> Iterator[ParquetTable]:
    """Open a Parquet file for the length of a block.

    Args:
        source: its name, or its bytes.

    Raises:
        DamagedError: it can't be read, names a column twice, or is larger than `limits.TABLES`.
        OSError: there is no such file.
    """
    length = source.stat().st_size if isinstance(source, Path) else len(source)
    if length > limits.TABLES.bytes:
        raise OversizeError(f"The file is larger than {size(limits.TABLES.bytes)}: cut it into smaller ones.")
    content = pa.BufferReader(source) if isinstance(source, bytes) else None

    def reopen(**options: Any) -> pq.ParquetFile:
        return pq.ParquetFile(
            pa.BufferReader(source) if content is not None else source,
            thrift_string_size_limit=limits.TABLES.footer,
            thrift_container_size_limit=limits.TABLES.chunks,
            **options,
        )

    opened: list[pq.ParquetFile] = []

    def keep(**options: Any) -> pq.ParquetFile:
        opened.append(reopen(**options))
        return opened[-1]

    try:
        try:
            file = keep()
            names, footer = tuple(str(name) for name in file.schema_arrow.names), file.metadata
            rows, columns, groups = footer.num_rows, footer.num_columns, footer.num_row_groups
        except Exception as error:  # whatever the library makes of a damaged file
            raise DamagedError(_UNREADABLE) from error
        if not 0 <= rows <= limits.TABLES.rows:
            raise OversizeError(f"The file has {rows:,} rows, more than {limits.TABLES.rows:,}: cut it up.")
        if columns > limits.TABLES.columns or columns * groups > limits.TABLES.chunks:
            raise OversizeError(f"The file has {columns:,} columns in {groups:,} parts, which is too much: cut it up.")
        if len(set(names)) != len(names):
            raise DamagedError("The file has two columns of the same name: leave one of them out.")
        yield ParquetTable(names, rows, file, keep)
    finally:
        for handle in opened:
            handle.close()


def _check_unpacked(count: int) -> None:
    if count > limits.TABLES.unpacked:
        raise OversizeError(f"The file unpacks to more than {size(limits.TABLES.unpacked)}: cut it into smaller ones.")


def _unpacked(array: pa.Array) -> int:
    """The bytes that the values of an array take once each of them is copied."""
    if isinstance(array, pa.DictionaryArray):
        if not (pa.types.is_binary(array.type.value_type) or pa.types.is_string(array.type.value_type)):
            return int(array.nbytes)
        lengths = pc.binary_length(array.dictionary.cast(pa.binary()))
        return int(pc.sum(lengths.cast(pa.int64()).take(array.indices)).as_py() or 0) + int(array.indices.nbytes)
    if isinstance(array, pa.StructArray):
        return sum(_unpacked(part) for part in array.flatten())
    if isinstance(array, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
        return _unpacked(array.flatten())
    return int(array.nbytes)


def _row(names: Sequence[str], columns: Sequence[pa.Array], row: int) -> dict[str, Any] | Fault:
    values = {}
    for name, column in zip(names, columns, strict=True):
        try:
            values[name] = column[row].as_py()
        except UnicodeDecodeError:
            return Fault(name, "It is no text in UTF-8.")
        except Exception:  # a time that Python has no value for, a zone that nobody knows, ...
            return Fault(name, "It is a value that can't be read, such as a time before year 1 or after year 9999.")
    return values
