"""Docstrings are a reference: their examples run, and where there are parameters to explain, they are explained."""

from __future__ import annotations

import doctest
import inspect
import re
import typing
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import atpatch_core

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "atpatch_core"
# Rooms whose functions of more than two parameters all explain them; "" are the modules at the top.
DONE = (
    "",
    "attention",
    "cli",
    "debugging",
    "detector",
    "evaluation",
    "figures",
    "files",
    "inspection",
    "jobs",
    "labels",
    "lessons",
    "reports",
    "subjects",
    "training",
    "triggers",
    "versions",
    "wording",
)
FEW = 2
CONTRACTS = ("atpatch_core.detector.contract", "atpatch_core.detector.networks")


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _modules() -> list[str]:
    """All modules but the one that starts the program when it is imported, and those that only Alembic can run."""
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__main__.py")
    return [_module_name(path) for path in paths if "migrations" not in path.parts]


# Found by their text, so that nothing is imported to collect them.
WITH_EXAMPLES = [_module_name(path) for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text("utf-8")]
EXPLAINED = [name for name in _modules() if (name.split(".")[1:-1] or [""])[0] in DONE]


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The public functions that a module defines, and the public methods of its public classes."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value):
            for method, function in vars(value).items():
                if not method.startswith("_") and inspect.isfunction(function):
                    yield f"{name}.{method}", function


def _parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def _is_command(function: Any) -> bool:
    """Whether this is a command of Typer, whose parameters are explained in their annotations."""
    hints = typing.get_type_hints(function, include_extras=True).values()
    return any(type(one).__module__.startswith("typer") for hint in hints for one in getattr(hint, "__metadata__", ()))


def _section(docstring: str, title: str) -> list[str]:
    """The lines of a section of a Google style docstring."""
    lines = iter(docstring.splitlines())
    found = []
    for line in lines:
        if line == f"{title}:":
            break
    for line in lines:
        if line and not line.startswith("    "):
            break
        found.append(line)
    return found


def _explained(function: Any) -> list[str]:
    """The parameters that the docstring's section "Args" names, in order."""
    lines = _section(inspect.getdoc(function) or "", "Args")
    return [line.strip().split(":")[0] for line in lines if line.startswith("    ") and not line.startswith("     ")]


def _contract(function: FunctionType) -> FunctionType | None:
    """The method of a written contract that the docstring of a method points to, "see `Contract`"."""
    named = re.search(r"[sS]ee `(\w+)`", inspect.getdoc(function) or "")
    for module in map(import_module, CONTRACTS if named else ()):
        found = getattr(getattr(module, named[1] if named else "", None), function.__name__, None)
        if found is not None and found is not function:
            return found
    return None


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    module = import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    for example in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__):
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
    assert runner.tries > 0


@pytest.mark.parametrize("name", EXPLAINED)
def test_functions_of_many_parameters_explain_them(name: str) -> None:
    functions = [one for one in _functions(import_module(name)) if not _is_command(one[1])]
    explaining = {called: _contract(function) or function for called, function in functions}
    wanted = {
        called: _parameters(function)
        for called, function in functions
        if len(_parameters(function)) > FEW or _explained(function)
    }
    assert {called: _explained(explaining[called]) for called in wanted} == wanted


@pytest.mark.parametrize("name", atpatch_core.__all__)
def test_the_public_api_is_explained(name: str) -> None:
    value = getattr(atpatch_core, name)
    docstring = inspect.getdoc(value) or ""
    assert docstring
    if inspect.isclass(value) and issubclass(value, Exception):
        return
    assert _section(docstring, "Example")
    if inspect.isfunction(value):
        assert _explained(value) == _parameters(value)
        assert _section(docstring, "Returns")
    else:
        fields = list(inspect.signature(value).parameters)
        lines = [line for line in _section(docstring, "Attributes") if line[4:5].strip()]
        assert [line.strip().split(":")[0] for line in lines] == fields
