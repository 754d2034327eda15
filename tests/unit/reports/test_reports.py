"""Reports of inputs that try to break out of them, and what they must hold."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from atpatch_core import Column, InputError
from atpatch_core.inspection.inspect import CausalEffect
from atpatch_core.inspection.results import AttentionTrace, Flags, Inspection, Pass, Prediction
from atpatch_core.layout import Layout
from atpatch_core.reports.as_json import fits_json, report_json
from atpatch_core.reports.files import html_file, write_report, zip_file
from atpatch_core.reports.findings import Findings
from atpatch_core.reports.paper import paper_figures

_EVIL = "<script>alert('x')</script>\"'&$x_1$"


def _inspection() -> Inspection:
    torch.manual_seed(0)
    maps = tuple(torch.rand(2, 3, 3).softmax(-1) for _ in range(2))
    flagged = (torch.tensor([[False, True, False], [False, False, False]]), torch.zeros(2, 3, dtype=torch.bool))
    after = (maps[0] * ~flagged[0][:, None], maps[1])
    labels = (_EVIL, "good")
    return Inspection(
        Pass(Prediction(torch.tensor([0.9, 0.1]), labels), AttentionTrace(maps)),
        Pass(Prediction(torch.tensor([0.2, 0.8]), labels), AttentionTrace(after)),
        Flags((flagged[0] * 0.75, None), flagged, 0.5),
        Layout(
            ("[CLS]", _EVIL, "fine"),
            (True, False, False),
            words=(None, 0, 1),
            spans=(None, (0, len(_EVIL)), (len(_EVIL) + 1, len(_EVIL) + 5)),
            unit="word",
        ),
    )


@pytest.fixture
def found() -> Findings:
    """A text whose every name is an attack."""
    column = Column(0, 0, 1)
    return Findings(
        subject=_EVIL,
        summary=_EVIL,
        kind="text",
        weights="ab" * 32,
        detector=_EVIL,
        calibrated=0.5,
        by_hand=(column,),
        title=_EVIL,
        digest="cd" * 32,
        value=f"{_EVIL} fine",
        inspection=_inspection(),
        effects=(CausalEffect(column, _EVIL, 0.9, "good", 0.8),),
        schema=None,
        flips=(),
        versions={"torch": "2"},
        made="2026-01-01T00:00:00+00:00",
    )


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def _parsed(content: bytes) -> _Tags:
    parser = _Tags()
    parser.feed(content.decode("utf-8"))
    return parser


def test_nothing_from_outside_becomes_markup_or_asks_for_the_network(found: Findings) -> None:
    page = _parsed(html_file(found, 0, 0))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "iframe", "object", "link", "form", "base", "a"}
    assert not [one for _, attributes in page.tags for one in attributes if one.startswith("on")]
    sources = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert len(sources) >= 4
    assert all((source or "").startswith("data:image/svg+xml;base64,") for source in sources)
    assert page.words.count(_EVIL) >= 6
    policy = next(one["content"] for tag, one in page.tags if tag == "meta" and "http-equiv" in one)
    assert "default-src 'none'" in (policy or "")
    assert "script-src" not in (policy or "")


def test_the_page_lists_what_it_was_made_with(found: Findings) -> None:
    words = _parsed(html_file(found, 0, 0)).words
    for one in (
        found.weights,
        found.digest,
        "0.5 (calibrated: 0.5)",
        "torch 2",
        "0.750",
        "flagged and chosen by hand",
    ):
        assert one in words


def test_the_page_explains_its_words_and_calls_the_model_a_model(found: Findings) -> None:
    page = _parsed(html_file(found, 0, 0))
    assert "a row for each part of the input that looks (query) and a column for each part that is looked at (key)" in (
        page.words
    )
    assert "Subject" not in page.words
    assert json.loads(report_json(found))["subject"]["name"] == _EVIL


def test_the_causal_check_ends_with_what_all_columns_do_together(found: Findings) -> None:
    alone = CausalEffect(Column(0, 0, 1), "bad", 0.9, "bad", 0.8)
    backed = replace(found, effects=(alone,))
    words = _parsed(html_file(backed, 0, 0)).words
    assert "all 1 together" in words
    assert "all together do: they back each other up" in words
    assert "back each other up" not in _parsed(html_file(found, 0, 0)).words


def test_a_column_that_follows_a_flagged_one_says_so(found: Findings) -> None:
    flags = replace(found.inspection.flags, threshold=0.9, followed=frozenset({Column(0, 0, 1)}))
    followed = replace(found, by_hand=(), inspection=replace(found.inspection, flags=flags))
    assert "follows a flagged one" in _parsed(html_file(followed, 0, 0)).words


def test_many_columns_are_put_together_by_what_they_stand_for(found: Findings) -> None:
    heads = 20
    maps = (torch.rand(heads, 3, 3).softmax(-1),)
    flagged = torch.tensor([[False, True, False]] * heads)
    scores = torch.linspace(0.6, 0.9, heads)[:, None] * flagged
    one = Pass(found.inspection.original.prediction, AttentionTrace(maps))
    many = Inspection(one, one, Flags((scores,), (flagged,), 0.5), found.inspection.layout)
    page = _parsed(html_file(replace(found, by_hand=(), inspection=many), 0, 0))
    assert f"{_EVIL}20 in 1 layer0.900" in page.words
    assert "Each of the 20 columns" in page.words
    assert "details" not in {tag for tag, _ in _parsed(html_file(found, 0, 0)).tags}


def _figure(found: Findings, name: str) -> Figure:
    figure = next(one.figure for one in paper_figures(found, 0, 0) if one.name == name)
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
    return figure


def test_ticks_under_the_maps_do_not_touch(found: Findings) -> None:
    figure = _figure(found, "map-layer0-head0")
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    assert len(bars) == 3
    for axes in bars:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels(which="both") if label.get_text()]
        boxes.sort(key=lambda box: box.x0)
        assert len(boxes) >= 3
        assert all(left.x1 + 2 < right.x0 for left, right in pairwise(boxes))


def test_bars_that_can_not_be_seen_have_no_number_and_the_axis_counts_in_percent(found: Findings) -> None:
    before = Prediction(torch.tensor([0.9999, 0.0001]), found.inspection.original.prediction.labels)
    original = replace(found.inspection.original, prediction=before)
    axes = _figure(replace(found, inspection=replace(found.inspection, original=original)), "predictions").axes[0]
    assert [one.get_text() for one in axes.texts] == ["100.0\u00a0%", "", "20.0\u00a0%", "80.0\u00a0%"]
    assert [one.get_text() for one in axes.get_xticklabels()][-1] == "100\u00a0%"


def test_the_threshold_cuts_through_no_score(found: Findings) -> None:
    scores = (torch.tensor([[0.9, 0.01, 0.02], [0.03, 0.04, 0.05]]), None)
    low = replace(found.inspection, flags=replace(found.inspection.flags, scores=scores, threshold=0.06))
    axes = _figure(replace(found, inspection=low), "scores").axes[0]
    line = axes.transData.transform((0.06, 0))[0]
    assert len(axes.texts) == 6
    assert all(one.get_window_extent().x0 > line for one in axes.texts)


def test_every_figure_has_words(found: Findings) -> None:
    assert all(attributes.get("alt") for tag, attributes in _parsed(html_file(found, 0, 0)).tags if tag == "img")


def test_the_json_holds_the_maps_as_numbers(found: Findings) -> None:
    values: dict[str, Any] = json.loads(report_json(found))
    assert values["input"] == {"title": _EVIL, "sha256": found.digest, "value": found.value}
    assert values["flagged"] == [{"layer": 0, "head": 0, "key": 1, "score": 0.75}]
    for name, one in (("before", found.inspection.original), ("after", found.inspection.patched)):
        for written, layer in zip(values[name]["maps"], one.trace.maps, strict=True):
            assert torch.allclose(torch.tensor(written), layer, atol=1e-7)
    assert values["scores"][1] is None


def test_maps_beyond_any_use_as_json_are_refused(found: Findings) -> None:
    huge = Pass(found.inspection.original.prediction, AttentionTrace((torch.zeros(1).expand(16, 600, 600),)))
    inspection = replace(found.inspection, original=huge, patched=huge)
    assert fits_json(found.inspection)
    assert not fits_json(inspection)
    with pytest.raises(InputError, match="too many for JSON"):
        report_json(replace(found, inspection=inspection))


def test_the_zip_holds_every_figure_twice(found: Findings) -> None:
    archive = zipfile.ZipFile(io.BytesIO(zip_file(found, 1, 0)))
    names = set(archive.namelist())
    assert {"report.html", "report.json"} <= names
    figures = {re.sub(r"\.\w+$", "", name) for name in names if name.startswith("figures/")}
    assert {"figures/predictions", "figures/all-maps", "figures/scores"} <= figures
    assert {"figures/map-layer1-head0", "figures/map-layer0-head0"} <= figures
    for name in figures:
        ElementTree.fromstring(archive.read(f"{name}.svg"))
        png = Image.open(io.BytesIO(archive.read(f"{name}.png")))
        assert round(png.info["dpi"][0]) == 300
        assert png.width > 900


@pytest.mark.parametrize("name", ["report.pdf", "report"])
def test_other_kinds_of_files_are_refused(found: Findings, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"\.html, \.json or \.zip"):
        write_report(found, tmp_path / name)


def test_a_place_that_can_not_be_written_is_told(found: Findings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose another place"):
        write_report(found, tmp_path / "missing" / "report.json")


def test_another_threshold_than_the_calibrated_one_is_part_of_the_verdict(found: Findings) -> None:
    lowered = replace(found, calibrated=0.9)
    words = "This verdict holds for a threshold of 0.5; the calibrated one is 0.9, which nothing here reaches."
    assert words in _parsed(html_file(lowered, 0, 0)).words
    values = json.loads(report_json(lowered))
    assert words in values["verdict"]
    assert values["threshold"] == {"used": 0.5, "calibrated": 0.9}
    assert "holds for a threshold" not in _parsed(html_file(found, 0, 0)).words
    assert "threshold" not in json.loads(report_json(found))["verdict"]


def test_what_was_cut_off_is_part_of_the_verdict(found: Findings) -> None:
    layout = replace(found.inspection.layout, notice="Only its first 9 of 99 characters are read.")
    cut = replace(found, inspection=replace(found.inspection, layout=layout))
    assert "Only its first 9 of 99 characters are read." in json.loads(report_json(cut))["verdict"]
    assert _verdict(html_file(cut, 0, 0)).endswith("Only its first 9 of 99 characters are read.")


def test_the_verdict_names_the_word_and_the_heads_are_counted_below(found: Findings) -> None:
    assert _verdict(html_file(found, 0, 0)).startswith(f"The word \u201c{_EVIL}\u201d draws far too much attention.")
    assert "map column" not in _verdict(html_file(found, 0, 0))
    words = _parsed(html_file(found, 0, 0)).words
    assert "1 map column flagged in layer 0 \u00b7 head 0." in words
    parts = json.loads(report_json(found))["parts"]
    assert parts == [{"name": _EVIL, "heads": 1, "layers": 1, "highest": 0.75}]


def test_without_a_detector_the_verdict_says_so(found: Findings) -> None:
    marks = tuple(layer & False for layer in found.inspection.flags.flagged)
    flags = replace(found.inspection.flags, scores=(None, None), flagged=marks)
    bare = replace(found, calibrated=None, by_hand=(), effects=(), inspection=replace(found.inspection, flags=flags))
    assert "no detector for this model" in json.loads(report_json(bare))["verdict"]


def _verdict(page: bytes) -> str:
    """The text of the page's first box."""
    verdict = re.search(r"<p class='verdict[^>]*>(.*?)</p>", page.decode("utf-8"), re.DOTALL)
    assert verdict is not None
    return unescape(verdict[1])
