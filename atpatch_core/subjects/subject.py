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
        """The input in a file's bytes.

        Raises:
            InputError: the file can't be used; the message is a sentence for a person.
        """
        ...

    def write(self, value: Any) -> bytes:
        """The file of one input, a PNG, UTF-8 text, or a JSON object; `read` turns it back into the input."""
        ...

    def encode(self, inputs: Sequence[Any]) -> dict[str, Tensor]:
        """The model's keyword arguments for a batch of inputs."""
        ...

    def layout(self, value: Any, keys: int) -> Layout:
        """Names for the `keys` columns of the maps of one input."""
        ...


@dataclass(frozen=True)
class Subject:
    """A model under debugging; made by `load`.

    Attributes:
        name: the name of the model's folder, or its hub id.
        folder: where it was loaded from.
        model: the Transformers classifier, in float32 and evaluation mode.
        adapter: turns inputs into tensors and names the columns of their maps.
        labels: the names of the model's classes.
        detector: the detector in the model's folder, if there is one.
        summary: a sentence about what the model does; may be empty.
        version: name of the detector's version and the first digits of its files' SHA-256 ("shipped 1a2b3c4d"); `None`
            if the detector was not read from the folder.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/adult-tabular-sex")
        >>> subject.kind, subject.labels
        ('record', ('<=50K', '>50K'))
        >>> record = subject.read(Path("assets/samples/record-untouched-1.json").read_bytes())
        >>> subject.encode(record)["input_ids"].shape  # [batch, 1 + fields]
        torch.Size([1, 13])
        >>> subject.layout(record, keys=13).key_names[:3]
        ('[CLS]', 'age', 'workclass')
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
        """Read an input of this subject's kind from the bytes of a file.

        Args:
            content: a PNG, JPEG or WebP file, a UTF-8 text, or a record as JSON or CSV.

        Returns:
            A Pillow image, a string, or a record (a dict of fields).

        Raises:
            InputError: the file can't be used; the message is a sentence for a person.
        """
        if not isinstance(content, bytes | bytearray | memoryview):
            raise InputError(
                f"Pass the bytes of a file, as in open(path, 'rb').read(), not a {type(content).__name__}."
            )
        return self.adapter.read(bytes(content))

    def write(self, x: Any) -> bytes:
        """Write one input as the bytes of a file, which `read` turns back into the input.

        Args:
            x: one input, as `read` returns it.

        Returns:
            A PNG file, UTF-8 text, or a JSON object.

        Raises:
            InputError: `x` is not an input of this kind.
        """
        return self.adapter.write(x)

    def encode(self, x: Any) -> dict[str, Tensor]:
        """The model's keyword arguments for one input, or for a list of inputs as one batch.

        Args:
            x: one input, as `read` returns it, or a list of them.

        Returns:
            Tensors by the name of the argument, each with the batch as its first dimension: `pixel_values` for images,
            `input_ids` and the like for texts and records.

        Raises:
            InputError: something in `x` is not an input of this kind.
        """
        return self.adapter.encode(x if isinstance(x, list) else [x])

    def layout(self, x: Any, keys: int) -> Layout:
        """Names for the columns of the maps of one input.

        Args:
            x: one input, as `read` returns it.
            keys: how many columns its maps have; more than the input has itself are padding.
        """
        return self.adapter.layout(x, keys)
