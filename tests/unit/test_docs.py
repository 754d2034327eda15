"""README.md and the pages of docs/: every link leads somewhere, and the README stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES_OF_README = 10_240
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """The names under which the headings of a page can be linked to, as code hosts make them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
        for heading in _HEADING.findall(_prose(page))
    }


def _broken(page: Path, root: Path = ROOT) -> list[str]:
    broken = []
    for link in _LINK.findall(_CODE.sub("", _prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(root) or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_anchor_leads_somewhere(page: Path) -> None:
    assert _broken(page) == []


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# What it `does`, and why\n")
    page = tmp_path / "page.md"
    sound = "[a](other.md) [b](other.md#what-it-does-and-why) [c](#here) `[d](x)` [e](https://example.org/x)"
    page.write_text(f"{sound} [f](gone.md) [g](other.md#gone)\n\n# Here\n")
    assert _broken(page, tmp_path) == ["gone.md", "other.md#gone"]


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached = {ROOT / "README.md"}
    ahead = list(reached)
    while ahead:
        page = ahead.pop()
        links = (link.partition("#")[0] for link in _LINK.findall(_prose(page)) if ":" not in link)
        found = {(page.parent / link).resolve() for link in links if link.endswith(".md") or ".md#" in link}
        ahead += found - reached
        reached |= found
    assert set((ROOT / "docs").glob("*.md")) <= reached


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= MOST_BYTES_OF_README


def test_rooms_are_told_in_one_table() -> None:
    """Other tests read it: paths in backticks in the first of three columns."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert text.count("| Room | Holds | May import |") == 1
    table = text.partition("| Room | Holds | May import |\n|---|---|---|\n")[2].partition("\n\n")[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines()]
    assert all(len(row) == 3 for row in rows)
    assert all(re.findall(r"`([^`]+)`", row[0]) for row in rows if row[0] != "the base")
