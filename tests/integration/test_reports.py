"""Reports of the shipped models, one of every kind."""

from __future__ import annotations

import json

import pytest

import atpatch_core as atpatch
from atpatch_core.digest import digest_of
from atpatch_core.reports.files import html_file
from atpatch_core.reports.findings import findings

from .conftest import MODELS, SAMPLES


@pytest.mark.parametrize(
    ("model", "file", "words"),
    [
        ("fashion-vit-badnets", "bag-triggered.png", ["row 6, column 6", "Bag", "Answer with AtPatch"]),
        ("reviews-minilm-badword", None, ["The text", "Detector"]),
        ("adult-tabular-sex", None, ["What if a protected attribute were another one?", "sex (protected)"]),
    ],
)
def test_a_report_says_what_the_page_says(model: str, file: str | None, words: list[str]) -> None:
    subject = atpatch.load(MODELS / model)
    if file is None:
        index = json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))
        file = str(next(entry["file"] for entry in index if entry.get("kind") == subject.kind))
    content = (SAMPLES / file).read_bytes()
    found = findings(subject, subject.read(content), digest_of(content), file)
    page = html_file(found, 0, 0).decode("utf-8")
    for word in (*words, model, found.digest, found.weights):
        assert word in page
