"""What sessions share is bounded: a dashboard that runs for days keeps the last few of everything."""

from __future__ import annotations

import ast
import gc
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

import atpatch_core as atpatch
from pages.shared import resources
from pages.shared.resources import OpenSubject
from tests.support.dashboard import ROOT

_CACHES = ("cache_data", "cache_resource")


def _cached() -> Iterator[tuple[str, ast.FunctionDef, ast.expr]]:
    """Every function in the pages that is cached, with its decorator."""
    for file in sorted((ROOT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
                if any(name in ast.unparse(decorator) for name in _CACHES):
                    yield f"{file.name}: {node.name}", cast(ast.FunctionDef, node), decorator


def test_every_cache_has_an_end() -> None:
    found = list(_cached())
    assert len(found) > 10
    for name, function, decorator in found:
        keys = [one.arg for one in function.args.args if not one.arg.startswith("_")]
        bounded = isinstance(decorator, ast.Call) and "max_entries" in {one.arg for one in decorator.keywords}
        assert bounded or not keys, f"{name} keeps everything for ever"


class _Value:
    """Something that can be told to be gone."""


@dataclass(frozen=True)
class _Subject:
    name: str = "made up"

    def read(self, _content: bytes) -> _Value:
        return _Value()


def test_of_many_inputs_only_the_last_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atpatch, "inspect", lambda *_args, **_options: _Value())
    opened = OpenSubject("key", cast(Any, _Subject()))
    seen = []
    for number in range(60):
        one = resources.read_input(opened, b"%d" % number, "")
        seen += [weakref.ref(one.value), weakref.ref(resources.inspect(opened, one, None, ()))]
    del one
    gc.collect()
    assert sum(ref() is not None for ref in seen) <= 12
    assert seen[-1]() is not None
