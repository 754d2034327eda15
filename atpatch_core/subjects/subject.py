"""The contract of a subject: model, input adapter, labels and detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from ..detector.contract import ColumnDetector
from ..errors import InputError
from ..layout import Layout


class InputAdapter(Protocol):
    """Turns one kind of input (an image, a text, a record) into what a model takes."""

    @property
    def kind(self) -> str:
        """ "image", "text" or "record"."""
        ...

    def read(self, content: bytes) -> Any:
        """The input in a file's bytes. Raises `InputError` with a sentence for a person."""
        ...

    def write(self, one: Any) -> bytes:
        """The file of one input: `read` gives the input back. A PNG, the UTF-8 text, or the record as JSON."""
        ...

    def encode(self, inputs: Sequence[Any]) -> dict[str, Tensor]:
        """The keyword arguments of the model for a batch."""
        ...

    def layout(self, one: Any, keys: int) -> Layout:
        """Names for the `keys` columns of the maps of one input."""
        ...


@dataclass(frozen=True)
class Subject:
    """A model under debugging.

    `labels` are the names of its classes, `detector` is the one in its folder, if any; `summary` says in a sentence
    what the model does; `folder` is where it was loaded from. `version` names the detector's version, with the first
    digits of its files' SHA-256 ("shipped 1a2b3c4d"); `None` if it was not read from the folder.
    """

    name: str
    folder: Path
    model: nn.Module
    adapter: InputAdapter
    labels: tuple[str, ...]
    detector: ColumnDetector | None
    summary: str
    version: str | None = None

    @property
    def kind(self) -> str:
        """The kind of input it takes: "image", "text" or "record"."""
        return self.adapter.kind

    def read(self, content: bytes) -> Any:
        """The input in a file's bytes. Raises `InputError` with a sentence for a person."""
        if not isinstance(content, bytes | bytearray | memoryview):
            raise InputError(
                f"Pass the bytes of a file, as in open(path, 'rb').read(), not a {type(content).__name__}."
            )
        return self.adapter.read(bytes(content))

    def write(self, x: Any) -> bytes:
        """The file of one input, which `read` turns back into the input. Raises `InputError` for what is none."""
        return self.adapter.write(x)

    def encode(self, x: Any) -> dict[str, Tensor]:
        """The model's keyword arguments for one input, or for a list of inputs as one batch.

        Raises `InputError` for what is no input of this kind.
        """
        return self.adapter.encode(x if isinstance(x, list) else [x])

    def layout(self, x: Any, keys: int) -> Layout:
        """Names for the `keys` columns of the maps of one input."""
        return self.adapter.layout(x, keys)
