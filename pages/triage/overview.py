"""All maps at a glance, and the choice of one."""

from __future__ import annotations

import streamlit as st
from plotly.graph_objects import Figure

from atpatch_core import Inspection
from atpatch_core.figures.atlas import AtlasGeometry, atlas_geometry, draw_atlas, flagged_in
from atpatch_core.figures.evidence import plainest_evidence
from atpatch_core.figures.png import as_webp
from atpatch_core.figures.scores import score_bars
from atpatch_core.wording.phrases import counted
from pages.components.atlas_image.atlas_image import atlas_image, opened_map
from pages.shared.resources import OpenInput, OpenSubject
from pages.shared.triage_address import View
from pages.triage import state
from pages.triage.maps_key import maps_key

_ATLAS = "atlas"
_LAYER = "layer"
_HEAD = "head"


def first_map(inspection: Inspection) -> tuple[int, int]:
    """The (layer, head) to open when nobody chose one: where it is plainest what is marked, or else the first watched.

    Without a watched layer that is the first one.
    """
    evidence = plainest_evidence(inspection)
    if evidence is not None:
        return evidence.layer, evidence.head
    watched = [layer for layer, scores in enumerate(inspection.flags.scores) if scores is not None]
    return (watched or [0])[0], 0


def has_map(inspection: Inspection, layer: int, head: int) -> bool:
    """Whether the model has this head."""
    maps = inspection.original.trace.maps
    return 0 <= layer < len(maps) and 0 <= head < maps[layer].shape[0]


def show_overview(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """The atlas of the maps the model uses now; a click opens one."""
    trace = (inspection.patched if view.patch else inspection.original).trace
    geometry = atlas_geometry(trace)
    st.subheader("All attention maps", anchor=False)
    flagged = sum(flagged_in(inspection.flags, *place) > 0 for place in _places(geometry))
    state_of = "with AtPatch" if view.patch else "as the model has them"
    st.caption(
        f"{counted(len(geometry.heads), 'layer')}, {counted(flagged, 'map')} marked, shown {state_of}. Bright means "
        "much attention (square-root scale). An orange frame and a triangle mark what is flagged or chosen by hand. "
        "Click a map to open it."
    )
    atlas_image(
        _ATLAS,
        _atlas_file(inspection, maps_key(view, opened, opened_input), view.patch),
        geometry,
        {place: _describe(inspection, *place) for place in _places(geometry)},
        (view.layer or 0, view.head or 0),
        lambda: _open(geometry),
    )


def show_map_choice(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """Layer and head as select boxes, and the detector's scores in that head."""
    layer, head = view.layer or 0, view.head or 0
    maps = inspection.original.trace.maps
    st.subheader("Choose a map", anchor=False)
    left, right = st.columns(2)
    left.selectbox("Layer", range(len(maps)), key=state.bound(_LAYER, layer), on_change=_choose)
    right.selectbox("Head", range(maps[layer].shape[0]), key=state.bound(_HEAD, head), on_change=_choose)
    detector = opened.subject.detector
    if detector is None:
        st.info("There is no detector for this model, so its columns have no scores.", icon=":material/sensors_off:")
        return
    figure = _score_bars(inspection, maps_key(view, opened, opened_input), layer, head, detector.threshold)
    if figure is None:
        st.info(_why_unscored(layer, detector.watched), icon=":material/visibility_off:")
        return
    st.caption("Detector scores of the columns of this head, highest first. From the threshold on a column is flagged.")
    st.plotly_chart(
        figure,
        key="scores",
        config={"displayModeBar": False},
        alt=f"The highest detector scores in layer {layer}, head {head}",
    )


def _why_unscored(layer: int, watched: tuple[int, ...]) -> str:
    if not watched:
        return (
            "This model's detector watches no layer: when triggers were looked for in the model, none was found that "
            "hijacks attention."
        )
    return f"The detector does not watch layer {layer}; it watches {', '.join(map(str, watched))}."


@st.cache_data(max_entries=24, show_spinner=False)
def _atlas_file(_inspection: Inspection, key: tuple[object, ...], patched: bool) -> bytes:
    trace = (_inspection.patched if patched else _inspection.original).trace
    return as_webp(draw_atlas(trace, _inspection.flags))


@st.cache_resource(max_entries=24, show_spinner=False)
def _score_bars(
    _inspection: Inspection, key: tuple[object, ...], layer: int, head: int, calibrated: float
) -> Figure | None:
    return score_bars(_inspection, layer, head, calibrated)


def _places(geometry: AtlasGeometry) -> list[tuple[int, int]]:
    return [(layer, head) for layer, heads in enumerate(geometry.heads) for head in range(heads)]


def _describe(inspection: Inspection, layer: int, head: int) -> str:
    flagged = flagged_in(inspection.flags, layer, head)
    return f"Layer {layer}, head {head}: {counted(flagged, 'column') if flagged else 'nothing'} flagged"


def _open(geometry: AtlasGeometry) -> None:
    place = opened_map(_ATLAS, geometry)
    if place is not None:
        state.update(layer=place[0], head=place[1])


def _choose() -> None:
    state.update(layer=st.session_state[_LAYER], head=st.session_state[_HEAD])
