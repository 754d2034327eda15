"""Everything an annotator needs to see of one input, small enough to be sent ahead of time."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..column import Column
from ..inspection.results import Inspection
from ..wording.phrases import percent, unique
from .colours import attention_colours
from .png import as_png

_MOST_PIXELS = 1_500_000  # of all maps of one sheet together
_LARGEST_IMAGE = 640  # pixels of the longer side: what a page shows


@dataclass(frozen=True)
class LabelSheet:
    """One input to be labelled.

    Attributes:
        answer: the model's answer and its probability, in words.
        image: the image as a PNG; `None` for texts and records.
        grid: (rows, columns) of patches; `None` for texts and records.
        first_patch: number of the column where the patches begin.
        names: a name for each column.
        values: for records, what each field holds; otherwise empty.
        special: for each column, whether the model added it itself.
        heads: the number of heads of each layer.
        maps: PNGs of single heads by (layer, head), coloured on one scale; where all of them would be too many, those
            of the suggested columns and of the first heads.
    """

    answer: str
    image: bytes | None
    grid: tuple[int, int] | None
    first_patch: int
    names: tuple[str, ...]
    values: tuple[str, ...]
    special: tuple[bool, ...]
    heads: tuple[int, ...]
    maps: dict[tuple[int, int], bytes]

    def as_data(self) -> dict[str, Any]:
        """The sheet in types that JSON knows; images become data addresses."""
        return {
            "answer": self.answer,
            "image": None if self.image is None else _address(self.image),
            "grid": self.grid,
            "first": self.first_patch,
            "names": list(self.names),
            "values": list(self.values),
            "special": list(self.special),
            "heads": list(self.heads),
            "maps": {f"{layer}.{head}": _address(png) for (layer, head), png in self.maps.items()},
        }


def label_sheet(inspection: Inspection, value: Any, suggested: tuple[Column, ...]) -> LabelSheet:
    """The sheet of one input, with the maps of the untouched model.

    Args:
        inspection: what was found in the input.
        value: the input, as `subject.read` returns it.
        suggested: columns whose maps come first.
    """
    layout, trace = inspection.layout, inspection.original.trace
    heads = tuple(int(attention.shape[0]) for attention in trace.maps)
    wanted = [(column.layer, column.head) for column in suggested]
    wanted += [(layer, head) for layer, count in enumerate(heads) for head in range(count)]
    size = max(int(attention[0].numel()) for attention in trace.maps)
    chosen = list(dict.fromkeys(wanted))[: max(1, _MOST_PIXELS // size)]
    strongest = max((float(attention.max()) for attention in trace.maps), default=0.0) or 1.0
    prediction = inspection.original.prediction
    return LabelSheet(
        answer=f"{prediction.label}, {percent(prediction.confidence)}",
        image=_image(value) if isinstance(value, Image.Image) else None,
        grid=layout.grid if isinstance(value, Image.Image) else None,
        first_patch=sum(layout.special) if layout.grid is not None else 0,
        names=tuple(unique(layout.key_names)),
        values=tuple(str(value.get(name, "")) for name in layout.key_names) if isinstance(value, Mapping) else (),
        special=layout.special,
        heads=heads,
        maps={
            (layer, head): _map(trace.maps[layer][head].float().numpy() / strongest) for layer, head in sorted(chosen)
        },
    )


def _map(shares: np.ndarray) -> bytes:
    """A map `[queries, keys]` in shares of the strongest entry, on the square-root scale of the overview."""
    image = Image.fromarray((np.sqrt(shares.clip(0, 1)) * 255).round().astype(np.uint8), "P")
    image.putpalette(attention_colours().tobytes())
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=False)
    return file.getvalue()


def _image(image: Image.Image) -> bytes:
    shown = image.convert("RGB")
    if max(shown.size) > _LARGEST_IMAGE:
        shown.thumbnail((_LARGEST_IMAGE, _LARGEST_IMAGE), Image.Resampling.LANCZOS)
    return as_png(shown)


def _address(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
