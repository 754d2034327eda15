"""The overview: each map is a button that tells where it lies, and arrow keys go from map to map."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from pages.components.atlas_image.atlas_image import _HTML
from tests.support.components import Mounted, mount

_DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def _cell(layer: int, head: int, selected: bool = False) -> dict[str, Any]:
    place = {"left": 0.5 * head, "top": 0.5 * layer, "width": 0.5, "height": 0.5}
    return {"layer": layer, "head": head, "label": f"layer {layer}, head {head}", "selected": selected, **place}


def _data(cells: list[dict[str, Any]]) -> dict[str, Any]:
    return {"image": _DOT, "width": 200, "above": 0.1, "label": "All maps", "cells": cells}


def _mounted(page: Page) -> Mounted:
    cells = [_cell(layer, head, (layer, head) == (0, 0)) for layer in range(2) for head in range(2)]
    return mount(page, "atlas_image", _HTML, _data(cells))


def test_a_click_tells_the_middle_of_the_map(page: Page) -> None:
    mounted = _mounted(page)
    page.get_by_label("layer 1, head 0").dispatch_event("click")
    assert mounted.sent == [["opened", {"x": 0.25, "y": 0.75}]]


def test_arrow_keys_go_to_the_neighbour_and_stay_at_the_edge(page: Page) -> None:
    _mounted(page)
    page.get_by_label("layer 0, head 0").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.get_by_label("layer 1, head 1")).to_be_focused()


def test_who_was_at_a_map_is_still_there_with_new_data(page: Page) -> None:
    mounted = _mounted(page)
    page.get_by_label("layer 0, head 1").focus()
    mounted.update(_data([_cell(0, 0), _cell(0, 1, True)]))
    expect(page.get_by_label("layer 0, head 1")).to_be_focused()
    assert page.locator("button").count() == 2
    assert page.locator("[aria-pressed=true]").get_attribute("aria-label") == "layer 0, head 1"
