"""What the process of a comparison does: open the model, compare, and keep what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from ..jobs import Progress, Worker
from ..machine import leave_cores_free
from ..subjects.loading import load
from ..subjects.stamp import stamp
from .comparison import compare, stages
from .comparison_data import own_file, read_file, read_upload
from .comparison_request import KIND, ComparisonRequest
from .comparison_result import write_comparison
from .labelled import drawn


def compare_as_asked(request: ComparisonRequest, progress: Progress) -> Mapping[str, Any]:
    """Make the comparison, one at a time. Raises an `AtPatchError` when it can't be made or kept."""
    progress.await_turn()
    leave_cores_free()
    subject = load(request.subject, request.version)
    if stamp(request.subject, request.version) != request.files:
        raise InputError("The model's files were changed meanwhile: compare again.")
    methods = request.methods(subject)
    progress.stages(stages(methods, request.seed_numbers))
    if request.upload:
        data = read_upload(subject, request.uploads, request.upload)
    else:
        data = read_file(subject, own_file(subject))
    comparison = compare(
        subject,
        methods,
        drawn(data, request.count),
        request.attack_functions(),
        None,
        request.false_positive_rate,
        request.seed_numbers,
        progress.step,
    )
    progress.keep()
    write_comparison(comparison, progress.folder)
    return {}


WORKER = Worker(KIND, compare_as_asked)
