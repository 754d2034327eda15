"""What an annotator gets to see of one input."""

from __future__ import annotations

from atpatch_core.column import Column
from atpatch_core.figures.label_sheet import label_sheet
from tests.support.inspections import MakeInspection

_NAMES = ("[CLS]", "race", "sex")


def test_of_a_record_it_holds_what_the_fields_hold(make_inspection: MakeInspection) -> None:
    inspection = make_inspection(names=_NAMES, flagged=())
    data = label_sheet(inspection, {"race": "White", "sex": "Male"}, ()).as_data()
    assert (data["names"], data["values"]) == (list(_NAMES), ["", "White", "Male"])
    assert label_sheet(inspection, "a text", ()).values == ()


def test_maps_of_suggested_columns_come_first_where_all_would_be_too_many(make_inspection: MakeInspection) -> None:
    names = tuple(f"t{number}" for number in range(800))
    inspection = make_inspection(names=names, flagged=(), layers=2, heads=2)
    assert set(label_sheet(inspection, "a text", (Column(1, 1, 5),)).maps) == {(0, 0), (1, 1)}
