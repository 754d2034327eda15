"""What `pip install .` brings: ranges that hold the pinned versions, and extras that are imported when asked for."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from atpatch_core.errors import AtPatchError
from atpatch_core.extras import PACKAGES, need

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
APP = ("labels", "reports", "dashboard")

_IMPORTS = """
import json, sys
import atpatch_core
first = {name.partition(".")[0] for name in sys.modules}
from typer.testing import CliRunner
from atpatch_core.cli.main import app
helps = [CliRunner().invoke(app, [*command, "--help"]).output for command in ([], ["inspect"], ["dashboard"])]
then = {name.partition(".")[0] for name in sys.modules}
print(json.dumps({"library": sorted(first), "commands": sorted(then), "helps": helps}))
"""


def _pinned(file: str) -> dict[str, Requirement]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    return {canonicalize_name(one.name): one for one in found}


def _ranges(*lists: list[str]) -> dict[str, Requirement]:
    found = [Requirement(line) for lines in lists for line in lines]
    return {canonicalize_name(one.name): one for one in found if one.name != PROJECT["project"]["name"]}


def test_the_library_and_the_help_of_commands_import_nothing_of_the_extras() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = json.loads(done.stdout)
    of_extras = {name for names in PACKAGES.values() for name in names}
    assert of_extras.isdisjoint(imported["library"])
    assert of_extras.isdisjoint(imported["commands"])
    assert "train-detector" in imported["helps"][0]
    assert "--threshold" in imported["helps"][1]


@pytest.mark.parametrize(
    ("file", "ranges"),
    [
        ("requirements.txt", _ranges(PROJECT["project"]["dependencies"], *(EXTRAS[name] for name in APP))),
        ("requirements-dev.txt", _ranges(EXTRAS["dev"])),
    ],
)
def test_pinned_versions_are_within_the_ranges(file: str, ranges: dict[str, Requirement]) -> None:
    pinned = _pinned(file)
    assert pinned.keys() == ranges.keys()
    for name, one in pinned.items():
        (pin,) = one.specifier
        assert pin.operator == "=="
        assert ranges[name].specifier.contains(pin.version), f"{name} {pin.version}"
        assert {"<", ">="} == {bound.operator for bound in ranges[name].specifier}, name


def test_the_packages_that_are_asked_for_are_those_of_the_extras() -> None:
    for extra, names in PACKAGES.items():
        assert set(names) == _ranges(EXTRAS[extra]).keys()


def test_every_package_is_explained() -> None:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    table = page.partition("## Why each package is here")[2]
    explained = {name for row in table.splitlines() for name in row.strip("| ").partition(" |")[0].split(", ")}
    for name in PROJECT["project"]["dependencies"] + [line for lines in EXTRAS.values() for line in lines]:
        assert Requirement(name).name in explained | {"atpatch"}


def test_every_data_file_of_the_package_goes_into_the_wheel() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    files = [path for path in (ROOT / "atpatch_core").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert ROOT / "atpatch_core" / "py.typed" in files
    for path in files:
        assert path.suffix in (".py", ".pyc") or any(path.match(pattern) for pattern in patterns), path


def test_a_missing_extra_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    need("reports", "Reports")
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(AtPatchError, match=r"^Reports need .* \(plotly\): run pip install 'atpatch\[reports\]'\.$"):
        need("reports", "Reports")
    with pytest.raises(ImportError):
        need("reports", "Reports")
