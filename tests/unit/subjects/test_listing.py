"""The order in which subjects are offered: by kind, then by name; what can't be read is not hidden."""

from __future__ import annotations

import json
from pathlib import Path

from atpatch_core.subjects.loading import list_subjects


def _model(folder: Path, architecture: str, schema: bool = False) -> None:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": [architecture]}))
    if schema:
        (folder / "records.json").write_text("{}")


def test_images_come_first_then_texts_then_records_each_by_name(tmp_path: Path) -> None:
    _model(tmp_path / "a-records", "BertForSequenceClassification", schema=True)
    _model(tmp_path / "b-texts", "BertForSequenceClassification")
    _model(tmp_path / "d-images", "ViTForImageClassification")
    _model(tmp_path / "c-images", "SwinForImageClassification")
    (tmp_path / "no-model").mkdir()
    names = [path.name for path in list_subjects(tmp_path)]
    assert names == ["c-images", "d-images", "b-texts", "a-records"]


def test_a_damaged_folder_is_listed_where_it_is_seen(tmp_path: Path) -> None:
    _model(tmp_path / "a-whole", "ViTForImageClassification")
    _model(tmp_path / "z-damaged", "ViTForImageClassification")
    (tmp_path / "z-damaged" / "config.json").write_text("{")
    assert [path.name for path in list_subjects(tmp_path)] == ["z-damaged", "a-whole"]


def test_no_folder_has_no_subjects(tmp_path: Path) -> None:
    assert list_subjects(tmp_path / "nowhere") == ()
