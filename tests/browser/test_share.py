"""Handing a view on: its link, and files that open anywhere."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Download, Page, expect

from tests.support.dashboard import PATIENCE, settle, visit


def _open(page: Page) -> None:
    page.get_by_text("Share: link, report, figures").click()
    page.get_by_role("button", name="Copy link").wait_for()
    settle(page)


def _download(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name=button).click()
    download: Download = waiting.value
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def test_the_copied_link_is_the_view(app: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, f"{app}/?subject=fashion-vit-badnets&sample=bag-triggered&layer=1&head=2&patch=on&threshold=0.5")
    _open(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    colleague = new_page()
    visit(colleague, link)
    expect(colleague.get_by_role("heading", name="Layer 1 \u00b7 head 2 in detail")).to_be_visible()
    assert colleague.locator(".st-key-answer h2").inner_text() == page.locator(".st-key-answer h2").inner_text()
    assert colleague.locator(".st-key-verdict").inner_text() == page.locator(".st-key-verdict").inner_text()


def test_report_values_and_figures_open_without_the_dashboard(
    app: str, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = new_page()
    visit(page, f"{app}/?subject=fashion-vit-badnets&sample=bag-triggered")
    verdict = page.locator(".st-key-verdict").inner_text()
    _open(page)
    report = _download(page, "Report (HTML)", tmp_path)
    values = json.loads(_download(page, "All values (JSON)", tmp_path).read_text(encoding="utf-8"))
    assert values["after"]["label"] == "Bag"
    assert len(values["before"]["maps"]) == 4
    names = zipfile.ZipFile(_download(page, "Both, and every figure (ZIP)", tmp_path)).namelist()
    assert {"report.html", "report.json", "figures/predictions.svg", "figures/predictions.png"} <= set(names)

    page.context.set_offline(True)
    page.goto(report.as_uri())
    for word in (
        "Bag",
        "row 6, column 6",
        "a column for each part that is looked at",
        values["input"]["sha256"],
        values["subject"]["weights"],
    ):
        expect(page.get_by_text(re.compile(re.escape(word))).first).to_be_visible()
    assert page.locator(".verdict").inner_text().split(":")[0] in verdict
    widths = page.locator("img").evaluate_all("all => all.map((one) => one.naturalWidth)")
    assert len(widths) >= 5
    assert min(widths) > 0
