"""A column counts for more where another one of the same input stands out, too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.detector.company import in_company
from atpatch_core.detector.flagging import scores_of
from atpatch_core.detector.per_token import PerToken
from atpatch_core.detector.repeats import first_places
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.detector.trained import TrainedDetector

_HEADS = 2


@pytest.fixture
def text_detector() -> TrainedDetector:
    torch.manual_seed(0)
    means = (torch.full((_HEADS, 1, 4), 1.0),)
    return TrainedDetector("per-token", {0: PerToken(_HEADS, 6)}, means, "zero", 0.9, (0,))


_SHARES = st.lists(st.floats(0.01, 0.99), min_size=2, max_size=8)


def test_of_two_alike_neither_loses_and_one_alone_does() -> None:
    scores = torch.tensor([[[0.95, 0.95, 0.1]], [[0.95, 0.1, 0.1]]])
    judged = in_company(scores, 0.25)
    assert torch.allclose(judged[0, 0, :2], torch.tensor(0.95), atol=1e-6)
    assert judged[1, 0, 0] < 0.95
    assert judged[0, 0, 0] > judged[1, 0, 0]
    assert judged[1, 0, 1] > 0.1, "the others are judged beside the best one"


@given(_SHARES, st.floats(0.01, 1.0))
def test_the_best_column_stays_the_best_and_scores_stay_between_0_and_1(values: list[float], weight: float) -> None:
    scores = torch.tensor([[values]])
    judged = in_company(scores, weight)
    assert bool(((judged > 0) & (judged < 1)).all())
    assert float(judged.max()) <= float(scores.max()) + 1e-6
    assert float(judged[0, 0, scores.argmax()]) >= float(judged.max()) - 1e-6


@given(_SHARES, st.permutations(range(8)), st.floats(0.01, 1.0))
def test_the_order_of_columns_does_not_matter(values: list[float], order: list[int], weight: float) -> None:
    scores = torch.tensor([[values]])
    chosen = [place for place in order if place < len(values)]
    assert torch.allclose(in_company(scores, weight)[..., chosen], in_company(scores[..., chosen], weight), atol=1e-6)


def test_padding_stays_at_nothing_and_a_lone_column_as_it_is() -> None:
    assert in_company(torch.tensor([[[0.9, 0.4, 0.0]]]), 0.5)[0, 0, 2] == 0.0
    lone = torch.tensor([[[0.9]]])
    assert torch.equal(in_company(lone, 0.5), lone)
    several = torch.rand(2, 3, 4)
    assert torch.equal(in_company(several, 0.0), several)


def test_copies_of_a_token_are_no_company(text_detector: TrainedDetector) -> None:
    attention = torch.rand(1, text_detector.heads, 6, 6).softmax(-1)
    tokens, valid = torch.tensor([[1, 7, 8, 7, 9, 2]]), torch.ones(1, 6, dtype=torch.bool)
    detector = replace(text_detector, company=0.5)
    scores = scores_of(detector, 0, attention, valid, tokens)
    places = first_places(tokens, valid)[0]
    assert torch.equal(scores[..., 3], scores[..., 1])
    plain = scores_of(text_detector, 0, attention, valid, tokens)
    assert torch.allclose(
        scores[..., places == torch.arange(6)], in_company(plain[..., [0, 1, 2, 4, 5]], 0.5), atol=1e-5
    )


@pytest.mark.parametrize("company", [0.0, 0.25])
def test_how_much_company_counts_comes_back(text_detector: TrainedDetector, tmp_path: Path, company: float) -> None:
    save_detector(replace(text_detector, company=company), tmp_path)
    assert load_detector(tmp_path).company == company


def test_an_older_detector_judges_each_column_for_itself(text_detector: TrainedDetector, tmp_path: Path) -> None:
    save_detector(replace(text_detector, company=0.25), tmp_path)
    stored = (tmp_path / "detector.json").read_text().replace('"company": 0.25,\n', "")
    (tmp_path / "detector.json").write_text(stored)
    assert load_detector(tmp_path).company == 0.0
