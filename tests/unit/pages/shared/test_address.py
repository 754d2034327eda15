"""Only one file reads and writes the address of a page."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.dashboard import ROOT

CODEC = ROOT / "pages" / "shared" / "address.py"


def _reads_or_writes_the_address(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Attribute) and node.attr == "query_params" for node in ast.walk(tree))


def test_only_the_codec_touches_the_parameters_of_the_address() -> None:
    found = {path for path in (ROOT / "pages").rglob("*.py") if _reads_or_writes_the_address(path)}
    assert found == {CODEC}
