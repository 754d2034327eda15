"""Columns known in advance are flagged, input by input."""

from __future__ import annotations

import torch

from atpatch_core.attention import attention_layers, hotfix
from atpatch_core.detector.known import KnownColumns
from tests.support.tiny_models import build, inputs


def test_each_input_has_its_own_columns() -> None:
    model = build("vit")
    flagged = torch.zeros(3, 4, 17, dtype=torch.bool)
    flagged[0, 1, 5] = flagged[2, 3, 16] = True
    known = KnownColumns(len(attention_layers(model)), {1: flagged})
    assert known.watched == (1,)
    with torch.no_grad(), hotfix(model, known) as fix:
        model(**inputs("vit"))
    assert fix.flagged[0] is None
    assert fix.flagged[1] is not None
    assert torch.equal(fix.flagged[1], flagged)


def test_padding_is_never_flagged() -> None:
    flagged = torch.ones(1, 2, 3, dtype=torch.bool)
    valid = torch.tensor([[True, True, False]])
    scores = KnownColumns(1, {0: flagged}).score(0, torch.ones(1, 2, 3, 3) / 3, valid, valid)
    assert scores[..., 2].eq(0).all()
    assert scores[..., :2].eq(1).all()
