"""An image tinted by what the answer is read from, beside the map of the head."""

from __future__ import annotations

import streamlit as st
from PIL import Image

from atpatch_core import Column, Inspection
from atpatch_core.figures.attended import attended_image
from atpatch_core.figures.lesson_charts import lesson_map
from atpatch_core.figures.png import as_png


def show_image_and_map(
    image: Image.Image, inspection: Inspection, layer: int, head: int, key: str, patched: bool = False
) -> None:
    """The flagged patches are outlined; `patched` shows the redistributed map and tint."""
    attention = (inspection.patched if patched else inspection.original).trace.maps[layer][head]
    columns: tuple[Column, ...] = inspection.flags.columns
    left, right = st.columns([5, 6])
    with left:
        st.image(
            as_png(attended_image(image, inspection.layout, attention[0], columns)),
            width="stretch",
            alt=f"The image, tinted by how much [CLS] looks at each patch; patches outlined: {len(columns)}",
        )
        st.caption("Orange: where [CLS] looks in this head. The answer is read from [CLS].")
    with right:
        st.plotly_chart(
            lesson_map(inspection, layer, head, patched),
            key=f"{key}_map",
            config={"displayModeBar": False},
            alt=f"Attention map of layer {layer}, head {head}",
        )
        st.caption(
            f"Layer {layer} \u00b7 head {head}. Bright: much attention. Ticks: rows of the image; above them, [CLS]."
        )
