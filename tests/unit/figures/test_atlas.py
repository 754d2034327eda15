"""The overview: clicks land on the right map, every flag can be seen, and size stays bounded."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from atpatch_core.column import Column
from atpatch_core.figures.atlas import AtlasGeometry, atlas_geometry, draw_atlas, flagged_in
from atpatch_core.figures.colours import DARK, FLAGGED, attention_colours
from atpatch_core.figures.png import as_png
from atpatch_core.inspection.results import AttentionTrace, Flags


@pytest.mark.parametrize("heads", [(4, 4, 4, 4), (12,) * 12, (2, 4), (1,)])
def test_the_centre_and_the_corners_of_every_box_lead_back_to_its_map(heads: tuple[int, ...]) -> None:
    geometry = AtlasGeometry(heads, cell=50)
    for layer, count in enumerate(heads):
        for head in range(count):
            box = geometry.box(layer, head)
            for across in (0.01, 0.5, 0.99):
                for down in (0.01, 0.5, 0.99):
                    point = box.left + across * box.width, box.top + down * box.height
                    assert geometry.at(*point) == (layer, head)
            assert geometry.at(*box.centre) == (layer, head)


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (-1, 0.5), (0.5, -1), (0.999, 0.999), (2, 2), (float("nan"), 0.5), (0.5, float("inf"))]
)
def test_a_point_outside_every_cell_is_no_map(x: float, y: float) -> None:
    assert AtlasGeometry((4, 4), cell=50).at(x, y) is None


def test_a_layer_with_fewer_heads_has_nothing_where_they_would_be() -> None:
    geometry = AtlasGeometry((2, 4), cell=50)
    missing = AtlasGeometry((4, 4), cell=50).box(0, 3).centre
    assert geometry.at(*missing) is None


def test_boxes_lie_inside_the_image_and_apart() -> None:
    geometry = AtlasGeometry((4, 4), cell=50)
    first, second = geometry.box(0, 0), geometry.box(0, 1)
    assert first.left + first.width < second.left
    last = geometry.box(1, 3)
    assert last.left + last.width <= 1
    assert last.top + last.height <= 1


def test_the_raster_is_colour_bytes_of_the_promised_size(make_inspection) -> None:
    inspection = make_inspection()
    geometry = atlas_geometry(inspection.original.trace)
    raster = draw_atlas(inspection.original.trace, inspection.flags)
    assert raster.dtype == np.uint8
    assert raster.shape == (geometry.height, geometry.width, 3)


def test_a_flagged_map_has_a_double_frame_and_a_triangle_above_its_column_and_others_have_not(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 1, 49),))
    geometry = atlas_geometry(inspection.original.trace)
    raster = draw_atlas(inspection.original.trace, inspection.flags)
    x, y = geometry.origin(0, 1)
    middle = y + geometry.cell // 2
    assert tuple(raster[middle, x - 1]) == DARK
    assert tuple(raster[middle, x - 3]) == FLAGGED
    tip = x + int(49.5 * geometry.cell / 50)
    assert (raster[y - 9 : y - 4, tip - 1 : tip + 2] == FLAGGED).all(-1).any()
    x, y = geometry.origin(0, 0)
    assert tuple(raster[y + geometry.cell // 2, x - 3]) != FLAGGED
    assert not (raster[y - 9 : y, x : x + geometry.cell] == FLAGGED).all(-1).any()


def test_flags_change_nothing_inside_a_map(make_inspection) -> None:
    flagged, plain = make_inspection(), make_inspection(flagged=())
    geometry = atlas_geometry(flagged.original.trace)
    x, y = geometry.origin(0, 0)
    cell = np.s_[y + 2 : y + geometry.cell, x : x + geometry.cell]
    marked = draw_atlas(flagged.original.trace, flagged.flags)
    unmarked = draw_atlas(flagged.original.trace, plain.flags)
    assert (marked[cell] == unmarked[cell]).all()


def test_all_maps_share_one_scale() -> None:
    maps = (torch.full((1, 4, 4), 0.25), torch.full((1, 4, 4), 1.0))
    flags = Flags((None, None), (torch.zeros(1, 4, dtype=torch.bool),) * 2, 1.0)
    geometry = atlas_geometry(AttentionTrace(maps))
    raster = draw_atlas(AttentionTrace(maps), flags)
    colours = attention_colours()
    for layer, shade in ((0, 128), (1, 255)):  # the square root of a quarter is a half
        x, y = geometry.origin(layer, 0)
        assert tuple(raster[y + 5, x + 5]) == tuple(colours[shade])


def test_one_bright_column_of_a_large_map_survives_the_reduction() -> None:
    attention = torch.zeros(12, 197, 197)
    attention[7, :, 100] = 1.0
    trace = AttentionTrace((attention,) * 12)
    flags = Flags((None,) * 12, (torch.zeros(12, 197, dtype=torch.bool),) * 12, 1.0)
    geometry = atlas_geometry(trace)
    raster = draw_atlas(trace, flags)
    x, y = geometry.origin(3, 7)
    row = raster[y + geometry.cell // 2, x : x + geometry.cell]
    assert (row == attention_colours()[255]).all(-1).sum() in (1, 2)
    assert geometry.width <= 1200
    assert len(as_png(raster)) < 1_000_000


def test_every_column_gets_the_same_number_of_pixels(make_inspection) -> None:
    assert atlas_geometry(make_inspection().original.trace).cell % 50 == 0


def test_flagged_columns_are_counted_per_head(make_inspection) -> None:
    flags = make_inspection(flagged=(Column(0, 0, 3), Column(0, 0, 4), Column(1, 2, 5))).flags
    assert flagged_in(flags, 0, 0) == 2
    assert flagged_in(flags, 1, 2) == 1
    assert flagged_in(flags, 3, 3) == 0


@pytest.mark.parametrize(("heads", "keys"), [(1, 5), (4, 50), (12, 28), (12, 64), (12, 197), (16, 300)])
def test_the_names_of_the_heads_are_whole_apart_and_readable_in_half_a_page(heads: int, keys: int) -> None:
    trace = AttentionTrace((torch.full((heads, keys, keys), 1 / keys),) * 2)
    flags = Flags((None,) * 2, (torch.ones(heads, keys, dtype=torch.bool),) * 2, 1.0)
    geometry = atlas_geometry(trace)
    # Letters are the only grey above the maps: marks are orange.
    header = draw_atlas(trace, flags)[: geometry.origin(0, 0)[1]].astype(int)
    inked = (header.min(-1) > 120) & (np.ptp(header, axis=-1) < 20)
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    assert rows[0] >= 4
    assert rows[-1] < geometry.origin(0, 0)[1] - 11  # where the triangles start
    assert np.count_nonzero(np.diff(columns) >= 6) >= heads - 1
    shown = min(1.0, 540 / geometry.width)
    assert geometry.font * shown >= (11 if heads <= 12 else 10)
