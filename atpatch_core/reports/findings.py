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

    Attributes:
        subject: name of the model.
        summary: what the model does, in a sentence.
        kind: "image", "text" or "record".
        weights: SHA-256 of the model's weights, see `fingerprint`.
        detector: name of the detector's version, if there is one.
        calibrated: the detector's own threshold; `None` without a detector.
        by_hand: columns that a person chose.
        title: what the input is called.
        digest: SHA-256 of the input's file.
        value: the input, as `subject.read` returns it.
        inspection: predictions, maps and flags.
        effects: causal checks of the columns with the highest scores.
        schema: for records, their fields.
        flips: for records, the answers with other protected attributes.
        versions: of the libraries that took part, by name.
        made: when, as text.
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
    """Look at one input for a report: inspect it, check the causes, and flip the protected attributes of a record.

    Args:
        subject: the model.
        value: the input, as `subject.read` returns it.
        digest: SHA-256 of its file.
        title: what it is called.
        threshold: the score from which on a column is flagged; by default the detector's calibrated threshold.
        columns: columns to redistribute in addition to the flagged ones; none by default.
        on_step: called with (stage, done, in all) as the work goes on; an exception it raises ends the work and is
            passed on.

    Raises:
        AtPatchError: as `inspect`, `causal_check` and `what_if` do.

    Example:
        >>> import atpatch_core as atpatch
        >>> from hashlib import sha256
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> file = Path("assets/samples/bag-triggered.png").read_bytes()
        >>> found = findings(subject, subject.read(file), sha256(file).hexdigest(), "a bag")
        >>> found.kind, [effect.label_after for effect in found.effects]
        ('image', ['Bag', 'T-shirt/top'])
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
