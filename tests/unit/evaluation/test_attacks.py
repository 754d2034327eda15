"""The attacks kept beside a subject's evaluation data."""

from __future__ import annotations

from pathlib import Path

import pytest

from atpatch_core.errors import InputError
from atpatch_core.evaluation.attacks import load_attacks, save_attacks
from atpatch_core.triggers.patch import PatchTrigger
from atpatch_core.triggers.text import StyleTrigger


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    attacks = {"corner": PatchTrigger(target=3, row=1, column=2), "style": StyleTrigger(target=1)}
    save_attacks(attacks, tmp_path / "attacks.json")
    assert load_attacks(tmp_path / "attacks.json") == attacks


def test_no_file_means_no_known_attack(tmp_path: Path) -> None:
    assert load_attacks(tmp_path / "attacks.json") == {}


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"a": 1}', '{"a": {"target": 1, "colour": "red"}}', "\u00ff"])
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "attacks.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="does not describe attacks"):
        load_attacks(path)
