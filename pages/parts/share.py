"""Hand on what is on the page: its link, a report, all values, every figure."""

from __future__ import annotations

import re
from functools import partial

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.reports.as_json import fits_json
from atpatch_core.reports.findings import Findings, findings

from .copy_link import copy_link
from .resources import OpenInput, OpenSubject
from .view import View


def show_share(view: View, opened: OpenSubject, one: OpenInput, inspection: Inspection) -> None:
    """The link, and files that are made when one asks for them."""
    with st.expander("Share: link, report, figures", icon=":material/share:", key="share"):
        copy_link("copy_link")
        st.caption(
            "The link brings this very view back: model, detector, input, map, threshold, columns and switch. An input "
            "of your own stays on this computer, and so its link works only here. A report works everywhere."
        )
        layer, head = view.layer or 0, view.head or 0
        fits = fits_json(inspection)
        name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{opened.subject.name}-{one.digest[:8]}").strip("-")
        with st.container(horizontal=True):
            st.download_button(
                "Report (HTML)",
                partial(_html, view, opened, one, layer, head),
                f"atpatch-{name}.html",
                "text/html",
                on_click="ignore",
                icon=":material/description:",
            )
            st.download_button(
                "All values (JSON)",
                partial(_json, view, opened, one),
                f"atpatch-{name}.json",
                "application/json",
                on_click="ignore",
                icon=":material/data_object:",
                disabled=not fits,
                help=None if fits else "The maps of this input are too many for JSON: read them with the library.",
            )
            st.download_button(
                "Both, and every figure (ZIP)",
                partial(_zip, view, opened, one, layer, head),
                f"atpatch-{name}.zip",
                "application/zip",
                on_click="ignore",
                icon=":material/folder_zip:",
            )
        st.caption(
            "The report is one page that needs no network. The JSON holds every number, maps included. The ZIP adds "
            "every figure as SVG and as PNG with 300 dots per inch. Drawing them takes a few seconds."
        )


# These run when a button is clicked, outside of the page's script. Their imports bring Matplotlib, which takes seconds
# that nobody else should wait for.


def _found(view: View, opened: OpenSubject, one: OpenInput) -> Findings:
    return findings(opened.subject, one.value, one.digest, one.title, view.threshold, view.columns)


def _html(view: View, opened: OpenSubject, one: OpenInput, layer: int, head: int) -> bytes:
    from atpatch_core.reports.files import html_file

    return html_file(_found(view, opened, one), layer, head)


def _json(view: View, opened: OpenSubject, one: OpenInput) -> bytes:
    from atpatch_core.reports.files import json_file

    return json_file(_found(view, opened, one))


def _zip(view: View, opened: OpenSubject, one: OpenInput, layer: int, head: int) -> bytes:
    from atpatch_core.reports.files import zip_file

    return zip_file(_found(view, opened, one), layer, head)
