"""`atpatch inspect`: one input through the untouched and the hot-fixed model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..column import Column
from ..digest import digest_of
from ..errors import InputError
from ..figures.redistributed import MOST_ROWS, redistributed_parts, why_redistributed
from ..inspection import inspect as diagnosis
from ..inspection.results import Inspection, Prediction
from ..subjects.loading import load
from ..wording.phrases import counted, score_text
from ..wording.thresholds import other_threshold
from ..wording.verdict import verdict
from .output import print_json, print_table
from .parameters import AsJson, SubjectName


def inspect(
    subject: SubjectName,
    file: Annotated[
        Path, typer.Argument(help="The input: a PNG, JPEG or WebP image, a UTF-8 text, or a record as JSON or CSV.")
    ],
    threshold: Annotated[
        float | None, typer.Option(help="Flag columns from this score on (default: calibrated).")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Redistribute this column too, as LAYER.HEAD.KEY; may be repeated.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Also write a report: .html (one page), .json (all values) or .zip (both, and every figure)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which columns of the attention maps are flagged, and the prediction with and without AtPatch."""
    loaded = load(subject)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} can't be read: check the name.") from error
    columns = [_parse_column(text) for text in column or ()]
    value = loaded.read(content)
    if report is not None:
        # Importing Matplotlib takes a second that nobody else should wait for.
        from ..reports.files import write_report
        from ..reports.findings import findings

        found = findings(loaded, value, digest_of(content), file.name, threshold, columns)
        write_report(found, report)
    result = diagnosis.inspect(loaded, value, threshold, columns)
    calibrated = None if loaded.detector is None else loaded.detector.threshold
    if as_json:
        print_json({"subject": loaded.name, "input": str(file), **_as_json(result, calibrated)})
        return
    rows = [
        ("verdict", verdict(result, calibrated)),
        ("prediction", _as_text(result.original.prediction)),
        ("with AtPatch", _as_text(result.patched.prediction)),
        ("threshold", f"{result.flags.threshold:.4f}{_calibrated(result, calibrated)}"),
    ]
    rows += _redistributed(result)
    if not result.flags.any:
        rows.append(("flagged", "nothing: the input is left untouched"))
    print_table(f"{loaded.name}: {file}", rows)


def _calibrated(result: Inspection, calibrated: float | None) -> str:
    if calibrated is None or other_threshold(result.flags, calibrated) is None:
        return ""
    return f" (calibrated: {calibrated:.4f})"


def _redistributed(result: Inspection) -> list[tuple[str, str]]:
    columns = result.flags.columns
    if len(columns) > MOST_ROWS:
        return [
            (
                part.name,
                f"in {counted(part.heads, 'head')} of {counted(part.layers, 'layer')}, highest {_score(part.highest)}",
            )
            for part in redistributed_parts(result)
        ]
    return [
        (
            f"layer {column.layer}, head {column.head}",
            f"{result.layout.key_names[column.key]}, {_score(result.flags.score(column))} "
            f"({why_redistributed(result.flags, column)})",
        )
        for column in columns
    ]


def _score(score: float | None) -> str:
    return "score none" if score is None else f"score {score_text(score)}"


def _as_json(result: Inspection, calibrated: float | None) -> dict[str, Any]:
    return {
        "verdict": verdict(result, calibrated),
        "before": _prediction(result.original.prediction),
        "after": _prediction(result.patched.prediction),
        "threshold": result.flags.threshold,
        "calibrated": calibrated,
        "note": result.layout.notice,
        "following": None if result.following is None else asdict(result.following),
        "parts": [
            {"name": part.name, "heads": part.heads, "layers": part.layers, "highest": part.highest}
            for part in redistributed_parts(result)
        ],
        "flagged": [
            {
                "layer": column.layer,
                "head": column.head,
                "key": column.key,
                "name": result.layout.key_names[column.key],
                "score": result.flags.score(column),
            }
            for column in result.flags.columns
        ],
    }


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "label": prediction.label,
        "probability": prediction.confidence,
        "probabilities": dict(zip(prediction.labels, prediction.probabilities.tolist(), strict=True)),
    }


def _as_text(prediction: Prediction) -> str:
    return f"{prediction.label}, {100 * prediction.confidence:.1f} %"


def _parse_column(text: str) -> Column:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(f"A column is named LAYER.HEAD.KEY, such as 0.1.49, not {text!r}.")
    return Column(*map(int, parts))
