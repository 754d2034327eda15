"""The README tells the truth: its example runs, its table is the measured one, its links lead somewhere."""

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
    table = results.results_table(MODELS)
    assert "fashion-vit-badnets" in table
    assert results.with_results(_README, table) == _README, "Run `python assets/write_results.py`."


def test_every_link_and_picture_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", _README):
        assert (ROOT / target).exists(), target


def test_every_dependency_is_explained_and_pinned() -> None:
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    explained = _README.partition("## Why each dependency is here")[2].partition("\n## ")[0]
    for line in pinned.splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            assert version, f"{line} is not pinned."
            assert name.partition("[")[0] in explained, f"README.md does not say what {name} is for."
