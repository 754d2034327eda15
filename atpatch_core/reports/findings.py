"""Everything a report says about one input, gathered once."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..column import Column
from ..figures.causal_table import MOST_CHECKED
from ..figures.scores import ranked_columns
from ..inspection.inspect import CausalEffect, causal_check, inspect
from ..inspection.results import Inspection
from ..inspection.what_if import WhatIf, what_if
from ..subjects.fingerprint import fingerprint
from ..subjects.record import RecordAdapter
from ..subjects.record_schema import RecordSchema
from ..subjects.subject import Subject

LOOKING, CHECKING, FLIPPING = "looking at the input", "checking columns", "looking at other values"
OnStep = Callable[[str, int, int], None]
_LIBRARIES = ("atpatch", "torch", "transformers", "numpy", "safetensors", "streamlit")


@dataclass(frozen=True)
class Findings:
    """One input, what was found in it, and what it was found with.

    `value` is the input as its subject reads it, `digest` the SHA-256 of its file. `calibrated` is the detector's own
    threshold, `by_hand` the columns that a person chose. `effects` are the causal checks of the columns with the
    highest scores. `schema` and `flips` are for records only.
    """

    subject: str
    summary: str
    kind: str
    weights: str
    detector: str | None
    calibrated: float | None
    by_hand: tuple[Column, ...]
    title: str
    digest: str
    value: Any
    inspection: Inspection
    effects: tuple[CausalEffect, ...]
    schema: RecordSchema | None
    flips: tuple[WhatIf, ...]
    versions: dict[str, str]
    made: str


def findings(
    subject: Subject,
    value: Any,
    digest: str,
    title: str,
    threshold: float | None = None,
    columns: Sequence[Column] = (),
    on_step: OnStep | None = None,
) -> Findings:
    """Look at one input once more, with the causal check and for records the flips. Raises `AtPatchError`.

    `on_step` is called with (stage, done, in all) as the work goes on; what it raises ends it and is passed on.
    """

    def tell(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: None if on_step is None else on_step(stage, done, total)

    tell(LOOKING)(0, 1)
    found = inspect(subject, value, threshold, columns)
    tell(LOOKING)(1, 1)
    schema = subject.adapter.schema if isinstance(subject.adapter, RecordAdapter) else None
    return Findings(
        subject=subject.name,
        summary=subject.summary,
        kind=subject.kind,
        weights=fingerprint(subject.model),
        detector=subject.version,
        calibrated=None if subject.detector is None else subject.detector.threshold,
        by_hand=tuple(columns),
        title=title,
        digest=digest,
        value=value,
        inspection=found,
        effects=causal_check(subject, value, ranked_columns(found.flags)[:MOST_CHECKED], tell(CHECKING)),
        schema=schema,
        flips=what_if(subject, value, threshold, columns, tell(FLIPPING)) if schema is not None else (),
        versions={"python": platform.python_version(), **_versions()},
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a checkout that was not installed
            continue
    return found
