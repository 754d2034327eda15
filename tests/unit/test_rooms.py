"""Imports go one way: the table of rooms in CONTRIBUTING.md says which, and the code keeps to it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

import grimp
import pytest

from tests.support.dashboard import ROOT

_OURS = ("atpatch_core", "pages", "sample_models")
_ALL = "all of `atpatch_core/`"
_ABOVE = "the above"
_BASE = "the base"
# Packages whose name in an import is another one than on the index.
_IMPORTED_AS = {"pillow": "PIL", "scikit-learn": "sklearn", "SQLAlchemy": "sqlalchemy", "Alembic": "alembic"}
# Small, and needed by whoever shows numbers or images.
_EVERYWHERE = {"numpy", "PIL", *sys.stdlib_module_names}
_ENTRIES = {"atpatch_core", "atpatch_core.__main__"}  # where the library and the command line are entered
_SERVED_BY = {"streamlit": {"starlette", "plotly"}}  # packages that only come with another


@dataclass(frozen=True)
class Room:
    """A row of the table: a room and everything that it may import, rooms and packages."""

    name: str
    may_import: frozenset[str]


def _rooms() -> dict[str, Room]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", text.split("## The rooms")[1].split("\n## ")[0], re.MULTILINE)
    rooms: dict[str, Room] = {}
    above: set[str] = set()
    for where, _, allowed in rows[1:]:
        name = _room_name(where)
        own = {name, _BASE}
        for part in (part.strip() for part in allowed.split(", ")):
            if part == _ALL:
                own |= {room for room in rooms if room.startswith("atpatch_core")} | above
            elif part == _ABOVE:
                own |= above
            elif part.startswith("`"):
                own.add(_room_name(part))
            elif part != _BASE:
                package = _IMPORTED_AS.get(part, part)
                own |= {package, *_SERVED_BY.get(package, ())}
        rooms[name] = Room(name, frozenset(own))
        if name.startswith("atpatch_core") or name == _BASE:
            above |= own
    return rooms


def _room_name(cell: str) -> str:
    """The room that a cell names, as a module."""
    return cell.strip("`").removesuffix("/").removesuffix(".py").replace("/", ".")


def _room_of(module: str, rooms: dict[str, Room]) -> str:
    """The room that a module lies in, or its package if it is none of ours."""
    if module in _ENTRIES:
        return "atpatch_core.cli"
    parts = module.split(".")
    for length in (2, 1):
        name = ".".join(parts[:length])
        if name in rooms:
            return name
    return _BASE if parts[0] == "atpatch_core" else parts[0]


@pytest.fixture(scope="module")
def imports() -> dict[str, set[tuple[str, str, str]]]:
    """For each room (room imported, module that imports, module imported)."""
    rooms = _rooms()
    graph = grimp.build_graph(*_OURS, include_external_packages=True, cache_dir=None)
    found: dict[str, set[tuple[str, str, str]]] = {name: set() for name in rooms}
    for module in graph.modules:
        room = _room_of(module, rooms)
        if room in found and module.split(".")[0] in _OURS:
            for other in graph.find_modules_directly_imported_by(module):
                found[room].add((_room_of(other, rooms), module, other))
    return found


def test_every_room_is_in_the_table() -> None:
    folders = {
        f"{top}.{path.name}"
        for top in ("atpatch_core", "pages")
        for path in (ROOT / top).iterdir()
        if path.is_dir() and any(path.rglob("*.py"))
    }
    named = {name for name in _rooms() if name.split(".")[0] in ("atpatch_core", "pages")}
    assert folders == named - {"atpatch_core.redistribution"}


@pytest.mark.parametrize("name", _rooms())
def test_a_room_imports_only_what_the_table_allows(name: str, imports: dict[str, set[tuple[str, str, str]]]) -> None:
    allowed = _rooms()[name].may_import | _EVERYWHERE
    assert imports[name], f"no import of {name} was seen at all"
    forbidden = sorted(f"{module} imports {other}" for room, module, other in imports[name] if room not in allowed)
    assert not forbidden


def test_nothing_ours_imports_in_a_circle_of_rooms() -> None:
    order = list(_rooms())
    later = {
        (name, other)
        for name, room in _rooms().items()
        for other in room.may_import
        if other in order and order.index(other) > order.index(name)
    }
    assert not later
