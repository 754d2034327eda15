"""A component alone in a page of Chromium, without a dashboard: its script gets data and is heard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support.dashboard import ROOT

ADDRESS = "http://127.0.0.1:9/component"  # answered by the test itself: nothing is asked of the network
_COMPONENTS = ROOT / "pages" / "components"

_RUN = """
async ({ script, data }) => {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  window.loaded ??= await import(address);
  window.sent ??= [];
  window.leave = window.loaded.default({
    data,
    parentElement: document.querySelector("#component"),
    setTriggerValue: (name, value) => window.sent.push([name, value]),
    setStateValue: (name, value) => window.sent.push([name, value]),
  });
}
"""


@dataclass(frozen=True)
class Mounted:
    """A component in a page."""

    page: Page
    script: str

    def update(self, data: Any) -> None:
        """Run the script of the component with these data, as the dashboard does whenever they change."""
        self.page.evaluate(_RUN, {"script": self.script, "data": data})

    def leave(self) -> None:
        """Take the component out of the page."""
        self.page.evaluate("() => { window.leave?.(); document.querySelector('#component').remove(); }")

    @property
    def sent(self) -> list[Any]:
        """What the component told the dashboard so far: names and values."""
        found: list[Any] = self.page.evaluate("() => window.sent")
        return found

    def call(self, function: str, *arguments: Any) -> Any:
        """What a function that the script exports returns."""
        return self.page.evaluate(
            "({ name, given }) => window.loaded[name](...given)", {"name": function, "given": list(arguments)}
        )


def mount(page: Page, name: str, html: str, data: Any, *, around: str = "", search: str = "") -> Mounted:
    """Open a page with the component `name` in it, which holds `html`, and run its script with `data`.

    `around` is what else stands in the page; `search` is the query of its address, such as "?layer=1".
    """
    style = _COMPONENTS / name / f"{name}.css"
    rules = style.read_text(encoding="utf-8") if style.is_file() else ""
    body = f"<!doctype html><title>-</title><style>{rules}</style>{around}<div id=component>{html}</div>"
    page.route(f"{ADDRESS}**", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(ADDRESS + search)
    page.evaluate("localStorage.clear()")  # all tests share a browser profile
    mounted = Mounted(page, Path(_COMPONENTS / name / f"{name}.js").read_text(encoding="utf-8"))
    mounted.update(data)
    return mounted
