"""The bytes of a file, if there are not too many."""

from __future__ import annotations

from pathlib import Path

from .damaged import OversizeError


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a file.

    Args:
        path: the file.
        most: how many bytes it may have.

    Raises:
        OversizeError: it has more.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OversizeError(f"The file is larger than {size(most)}: use a smaller one.")
    return content


def size(count: int) -> str:
    """A number of bytes in words for a sentence."""
    return f"{count // 1_000_000:,} MB" if count >= 1_000_000 else f"{count:,} bytes"
