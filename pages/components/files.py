"""A component from the files beside its module."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def component_of(module_file: str, html: str, *, isolate_styles: bool = True) -> ComponentRenderer:
    """Register the component of a module: its script is the .js file of the same name, its style the .css, if any.

    Args:
        module_file: the module's `__file__`, e.g. ".../map_canvas.py".
        html: what stands in the page before the script has run. Fixed text: nothing from outside goes in here.
        isolate_styles: whether the styles of the page and of the component are kept from each other.

    Returns:
        What shows the component when it is called.

    Source:
        The second version of Streamlit's custom components.
    """
    module = Path(module_file)
    script, style = module.with_suffix(".js"), module.with_suffix(".css")
    return st.components.v2.component(
        f"atpatch_{module.stem}",
        html=html,
        css=style.read_text(encoding="utf-8") if style.is_file() else None,
        js=script.read_text(encoding="utf-8"),
        isolate_styles=isolate_styles,
    )
