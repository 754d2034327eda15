"""What a model and a version of its detector are told apart by after files were changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atpatch_core.errors import DetectorError
from atpatch_core.subjects.stamp import stamp


def test_any_file_of_the_model_and_of_the_version_counts_and_no_other(tmp_path: Path) -> None:
    own = tmp_path / "model"
    for name in ("config.json", "atpatch/detector.json", "atpatch/versions/v1/detector.json", "atpatch/active.json"):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text("{}")
    seen = [stamp(own, version) for version in (None, "shipped", "v1")]
    assert len(set(seen)) == 3
    os.utime(own / "atpatch/versions/v1/detector.json", (1, 1))
    (own / "atpatch/active.json").write_text('{"version": "v1"}')
    now = [stamp(own, version) for version in (None, "shipped", "v1")]
    assert now[:2] == seen[:2]
    assert now[2] != seen[2]
    (own / "config.json").write_text('{"a": 1}')
    assert not {stamp(own, version) for version in (None, "shipped", "v1")} & {*seen, *now}
    with pytest.raises(DetectorError):
        stamp(own, "never-was")
