"""README and docs tell the truth: the example runs, the tables are the measured ones, packages are explained."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

from .conftest import MODELS, ROOT

_README = (ROOT / "README.md").read_text(encoding="utf-8")


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "assets" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"```python\n(.*?)```", _README, re.DOTALL)
    assert example is not None
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(example[1], names)
    assert "T-shirt/top -> Bag" in capsys.readouterr().out
    assert "logits" in names


def test_the_results_are_the_measured_ones() -> None:
    results = _script("write_results")
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    table = results.results_table(MODELS)
    assert "fashion-vit-badnets" in table
    assert results.with_results(page, table) == page, "Run `python assets/write_results.py`."
    short = results.short_table(MODELS, ROOT / "docs" / "results")
    assert len(short.splitlines()) == 7
    assert results.with_results(_README, short) == _README, "Run `python assets/write_results.py`."


def test_every_dependency_is_explained_and_pinned() -> None:
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    explained = page.partition("## Why each package is here")[2].partition("\n## ")[0]
    for line in pinned.splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            assert version, f"{line} is not pinned."
            assert name.partition("[")[0] in explained, f"docs/install.md does not say what {name} is for."
