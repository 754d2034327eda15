"""All values of a report as JSON: what the figures are drawn from, to be computed with."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from torch import Tensor

from ..column import Column
from ..errors import InputError
from ..figures.redistributed import redistributed_parts
from ..inspection.results import Inspection, Pass
from ..wording.verdict import verdict
from .findings import Findings

SCHEMA = 1
_MOST_NUMBERS = 8_000_000  # about 100 MB
_DIGITS = 7  # float32 has no more


def fits_json(inspection: Inspection) -> bool:
    """Whether the maps, before and after, are few enough to be written as JSON."""
    return _count(inspection) <= _MOST_NUMBERS


def report_json(found: Findings) -> str:
    """The report as JSON without NaN, maps included: `maps[layer][head][query][key]`, before and after.

    Args:
        found: what was found in an input.

    Raises:
        InputError: the maps would make it larger than about 100 MB.
    """
    if not fits_json(found.inspection):
        raise InputError(
            f"The maps of this input are {_count(found.inspection):,} numbers, too many for JSON: read them with "
            "atpatch_core.inspect."
        )
    return json.dumps(_report(found), ensure_ascii=False, allow_nan=False)


def _count(inspection: Inspection) -> int:
    return sum(layer.numel() for passed in (inspection.original, inspection.patched) for layer in passed.trace.maps)


def _report(found: Findings) -> dict[str, Any]:
    inspection, layout = found.inspection, found.inspection.layout
    return {
        "schema": SCHEMA,
        "made": found.made,
        "versions": found.versions,
        "subject": {"name": found.subject, "kind": found.kind, "weights": found.weights},
        "detector": found.detector,
        "threshold": {"used": inspection.flags.threshold, "calibrated": found.calibrated},
        "input": {"title": found.title, "sha256": found.digest, "value": _value(found)},
        "verdict": verdict(inspection, found.calibrated),
        "following": None if inspection.following is None else asdict(inspection.following),
        "parts": [
            {"name": part.name, "heads": part.heads, "layers": part.layers, "highest": part.highest}
            for part in redistributed_parts(inspection)
        ],
        "keys": [
            {"name": name, "special": special} for name, special in zip(layout.key_names, layout.special, strict=True)
        ],
        "columns_by_hand": [_column(column) for column in found.by_hand],
        "flagged": [
            {**_column(column), "score": inspection.flags.score(column)} for column in inspection.flags.columns
        ],
        "scores": [None if layer is None else _numbers(layer) for layer in inspection.flags.scores],
        "before": _pass(inspection.original),
        "after": _pass(inspection.patched),
        "causal_check": [
            {
                **_column(effect.column),
                "before": {"label": effect.label_before, "probability": effect.probability_before},
                "after": {"label": effect.label_after, "probability": effect.probability_after},
            }
            for effect in found.effects
        ],
        "flips": [
            {
                "attribute": flip.attribute,
                "value": flip.value,
                "before": dict(zip(flip.original.labels, _numbers(flip.original.probabilities), strict=True)),
                "after": dict(zip(flip.patched.labels, _numbers(flip.patched.probabilities), strict=True)),
            }
            for flip in found.flips
        ],
    }


def _value(found: Findings) -> Any:
    """Texts and records as they are; of images the size, as their pixels are in the HTML report."""
    if found.kind == "image":
        return {"width": found.value.width, "height": found.value.height}
    return found.value


def _column(column: Column) -> dict[str, int]:
    return {"layer": column.layer, "head": column.head, "key": column.key}


def _pass(passed: Pass) -> dict[str, Any]:
    return {
        "label": passed.prediction.label,
        "probabilities": dict(zip(passed.prediction.labels, _numbers(passed.prediction.probabilities), strict=True)),
        "maps": [_numbers(layer) for layer in passed.trace.maps],
    }


def _numbers(values: Tensor) -> Any:
    """Nested lists, each number with as many digits as float32 tells apart."""

    def rounded(value: Any) -> Any:
        return [rounded(part) for part in value] if isinstance(value, list) else float(f"{value:.{_DIGITS}g}")

    return rounded(values.detach().cpu().tolist())
