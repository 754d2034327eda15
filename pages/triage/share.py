"""Hand on what is on the page: its link, a report, all values, every figure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.figures.causal_table import MOST_CHECKED
from atpatch_core.inspection.what_if import count_flips
from atpatch_core.reports.as_json import fits_json
from atpatch_core.reports.findings import CHECKING, LOOKING, Findings, OnStep, findings
from pages.components.copy_link.copy_link import copy_link
from pages.shared.job_progress import in_words
from pages.shared.long_work import LONG, LongWork, show_long_work
from pages.shared.resources import OpenInput, OpenSubject, seconds_a_run
from pages.shared.triage_address import View

_TOO_MANY = "The maps of this input are too many for JSON: read them with the library."


def show_share(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """The link, and files that are made when one asks for them."""
    with st.expander("Share: link, report, figures", icon=":material/share:", key="share"):
        copy_link("copy_link")
        st.caption(
            "The link leads back to this very view: model, detector, input, map, threshold, columns and switch. An "
            "input of your own stays on this computer, and so its link works only here. A report works everywhere."
        )
        report = _Report(view, opened, opened_input)
        if report.seconds(inspection) > LONG:
            found = show_long_work(report.work(inspection), report.view)
            if found is None:
                return
            report = replace(report, found=found)
        layer, head = view.layer or 0, view.head or 0
        name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{opened.subject.name}-{opened_input.digest[:8]}").strip("-")
        with st.container(horizontal=True):
            _download(
                "Report (HTML)", partial(_html, report, layer, head), f"atpatch-{name}.html", "text/html", "description"
            )
            _download(
                "All values (JSON)",
                partial(_json, report),
                f"atpatch-{name}.json",
                "application/json",
                "data_object",
                None if fits_json(inspection) else _TOO_MANY,
            )
            _download(
                "Both, and every figure (ZIP)",
                partial(_zip, report, layer, head),
                f"atpatch-{name}.zip",
                "application/zip",
                "folder_zip",
            )
        st.caption(
            "The report is one page that needs no network. The JSON holds every number, maps included. The ZIP adds "
            "every figure as SVG and as PNG with 300 dots per inch. Drawing them takes a few seconds."
        )


def _download(
    label: str, content: Callable[[], bytes], file: str, mime: str, icon: str, missing: str | None = None
) -> None:
    """A button that makes a file when it is pressed, without drawing the page anew; off, if `missing` says why."""
    st.download_button(
        label,
        content,
        file,
        mime,
        on_click="ignore",
        icon=f":material/{icon}:",
        disabled=missing is not None,
        help=missing,
    )


@dataclass(frozen=True)
class _Report:
    """What a report is about, and what was `found` for it, if that was already worked out."""

    of: View
    opened: OpenSubject
    opened_input: OpenInput
    found: Findings | None = None

    @property
    def view(self) -> tuple[object, ...]:
        """What the findings depend on."""
        return self.opened.key, self.opened_input.digest, self.opened_input.title, self.of.threshold, self.of.columns

    def seconds(self, inspection: Inspection) -> float:
        """About how long the model is at work for it."""
        seconds = seconds_a_run(self.opened, self.opened_input, self.of.threshold, self.of.columns)
        return self._runs(inspection) * seconds

    def work(self, inspection: Inspection) -> LongWork:
        """The findings, as work that can be cancelled."""
        return LongWork(
            "report",
            "Prepare the report and its files",
            f"The model looks at the input again, and checks each column: {in_words(self.seconds(inspection))}.",
            self.findings,
            {LOOKING: 2, CHECKING: self._runs(inspection)},
        )

    def findings(self, on_step: OnStep | None = None) -> Findings:
        """What the report says."""
        if self.found is not None:
            return self.found
        subject, opened_input = self.opened.subject, self.opened_input
        return findings(
            subject,
            opened_input.value,
            opened_input.digest,
            opened_input.title,
            self.of.threshold,
            self.of.columns,
            on_step,
        )

    def _runs(self, inspection: Inspection) -> int:
        subject = self.opened.subject
        flips = count_flips(subject, self.opened_input.value) if subject.kind == "record" else 0
        return 2 + 2 * flips + 1 + min(MOST_CHECKED, len(inspection.flags.columns))


# These run when a button is clicked, outside of the page's script. Their imports bring Matplotlib, which takes seconds
# that nobody else should wait for.


def _html(report: _Report, layer: int, head: int) -> bytes:
    from atpatch_core.reports.files import html_file

    return html_file(report.findings(), layer, head)


def _json(report: _Report) -> bytes:
    from atpatch_core.reports.files import json_file

    return json_file(report.findings())


def _zip(report: _Report, layer: int, head: int) -> bytes:
    from atpatch_core.reports.files import zip_file

    return zip_file(report.findings(), layer, head)
