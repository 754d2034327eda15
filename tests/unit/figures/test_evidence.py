"""The number that shows why something is flagged."""

from __future__ import annotations

import pytest

from atpatch_core.column import Column
from atpatch_core.figures.evidence import evidence_sentence, plainest_evidence


def test_nothing_flagged_is_no_evidence(make_inspection) -> None:
    assert plainest_evidence(make_inspection(flagged=())) is None


def test_the_plainest_head_is_the_one_whose_marked_columns_take_most(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 1, 49), Column(2, 3, 49), Column(2, 3, 7)))
    found = plainest_evidence(inspection)
    assert found is not None
    maps = inspection.original.trace.maps
    shares = {
        (0, 1): float(maps[0][1][0, 49]),
        (2, 3): float(maps[2][3][0, [7, 49]].sum()),
    }
    assert (found.layer, found.head) == max(shares, key=lambda place: shares[place])
    assert found.before == pytest.approx(max(shares.values()))
    assert found.columns == (2 if (found.layer, found.head) == (2, 3) else 1)
    assert found.even == pytest.approx(found.columns / 50)
    assert found.readout


def test_where_every_column_is_marked_there_is_no_evidence(make_inspection) -> None:
    everything = tuple(Column(0, 0, key) for key in range(50))
    assert plainest_evidence(make_inspection(flagged=everything)) is None
    found = plainest_evidence(make_inspection(flagged=(*everything, Column(1, 2, 3))))
    assert found is not None
    assert (found.layer, found.head, found.columns) == (1, 2, 1)


def test_both_numbers_are_told_with_atpatch_and_the_even_share_without(make_inspection) -> None:
    found = plainest_evidence(make_inspection(flagged=(Column(0, 1, 49),)))
    assert found is not None
    before, after = evidence_sentence(found, patched=False), evidence_sentence(found, patched=True)
    assert before.startswith("In layer 0 \u00b7 head 1, what is marked gets ")
    assert "an even share would be 2.0\u00a0%" in before
    assert f"{100 * found.after:.1f}\u00a0%" in after
    assert f"{100 * found.before:.1f}\u00a0%" in after
