"""Triage follows the address unless a widget was used, so each of its widgets has to say so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

_CALLBACKS = {
    "button": "on_click",
    "camera_input": "on_change",
    "file_uploader": "on_change",
    "form_submit_button": "on_click",
    "multiselect": "on_change",
    "segmented_control": "on_change",
    "select_slider": "on_change",
    "selectbox": "on_change",
    "text_area": "on_change",
    "toggle": "on_change",
}
_OPENED = {"expander", "popover"}  # opened by the browser alone, unless asked for otherwise
_IN_A_FORM = {"record_view.py"}  # sent together, by a button that has a callback


@pytest.mark.parametrize("file", sorted(Path("pages/triage").glob("*.py")), ids=lambda file: file.name)
def test_each_widget_of_triage_that_draws_the_page_anew_has_a_callback(file: Path) -> None:
    for call in ast.walk(ast.parse(file.read_text())):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        name, given = call.func.attr, {keyword.arg: keyword.value for keyword in call.keywords}
        if name in _OPENED and isinstance(given.get("on_change"), ast.Constant):
            pytest.fail(f"{file}, line {call.lineno}: {name} draws the page anew without a callback")
        if name in _CALLBACKS and not (name == "selectbox" and file.name in _IN_A_FORM):
            assert _CALLBACKS[name] in given, f"{file}, line {call.lineno}: {name} has no callback"
