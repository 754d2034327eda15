"""Recipes may use the library; neither the library nor the dashboard uses a recipe."""

from __future__ import annotations

import re

from tests.support.dashboard import ROOT


def test_nothing_that_is_installed_or_shown_imports_a_recipe() -> None:
    files = [ROOT / "app.py", *(ROOT / "atpatch_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    imports = re.compile(r"^\s*(from|import) sample_models\b", re.MULTILINE)
    assert [str(file) for file in files if imports.search(file.read_text(encoding="utf-8"))] == []
