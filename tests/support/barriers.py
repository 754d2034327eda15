"""What keeps people with disabilities out of a page, as axe-core finds it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support.dashboard import settle

# What fades in or out is still too pale to be judged. Spinners never end.
_STILL = """document.getAnimations().every(
    (one) => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity)"""


def serious_barriers(page: Page) -> list[str]:
    """The serious and critical faults, in words."""
    page.wait_for_timeout(1_000)
    settle(page)  # while the script runs, what it has not drawn again yet is pale
    page.wait_for_function(_STILL)
    found: dict[str, Any] = Axe().run(page).response
    assert len(found["passes"]) > 20, "axe-core looked at nothing."
    return [
        f"{fault['id']}: {node['html'][:200]}: {node['failureSummary'][:200]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
