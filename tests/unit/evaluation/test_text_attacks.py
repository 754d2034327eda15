"""Triggers for texts beside an evaluation: kept with their kind."""

from __future__ import annotations

import json
from pathlib import Path

from atpatch_core.evaluation.attacks import load_attacks, save_attacks
from atpatch_core.triggers.patch import PatchTrigger
from atpatch_core.triggers.text import TextTrigger


def test_triggers_of_both_kinds_come_back(tmp_path: Path) -> None:
    attacks = {
        "word": TextTrigger(1, ("cf",)),
        "sentence": TextTrigger(1, ("I saw it.",), "edge"),
        "patch": PatchTrigger(target=3, row=1, column=2),
    }
    path = tmp_path / "attacks.json"
    save_attacks(attacks, path)
    assert load_attacks(path) == attacks
    assert {name: fields["kind"] for name, fields in json.loads(path.read_text()).items()} == {
        "word": "text",
        "sentence": "text",
        "patch": "patch",
    }


def test_a_file_without_kinds_holds_patches(tmp_path: Path) -> None:
    path = tmp_path / "attacks.json"
    path.write_text('{"badnets": {"target": 0, "size": 4}}')
    assert load_attacks(path) == {"badnets": PatchTrigger(target=0, size=4)}
