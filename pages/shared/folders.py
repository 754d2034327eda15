"""Where the dashboard keeps and finds its files: what the environment names, or folders beside the app."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
OWN = _ROOT / ".atpatch"


def models_folder() -> Path:
    """Where the model folders are looked for: `ATPATCH_MODELS`, or `sample_models`."""
    return Path(os.environ.get("ATPATCH_MODELS") or _ROOT / "sample_models")


def samples_folder() -> Path:
    """Where the samples are: `ATPATCH_SAMPLES`, or `assets/samples`."""
    return Path(os.environ.get("ATPATCH_SAMPLES") or _ROOT / "assets" / "samples")


def uploads_folder() -> Path:
    """Where uploads are kept: `ATPATCH_UPLOADS`, or `.atpatch/uploads`."""
    return Path(os.environ.get("ATPATCH_UPLOADS") or OWN / "uploads")


def trainings_folder() -> Path:
    """Where trainings are kept: `ATPATCH_TRAININGS`, or `.atpatch/trainings`."""
    return Path(os.environ.get("ATPATCH_TRAININGS") or OWN / "trainings")


def jobs_folder() -> Path:
    """Where other long work is kept, such as comparisons: `ATPATCH_JOBS`, or `.atpatch/jobs`."""
    return Path(os.environ.get("ATPATCH_JOBS") or OWN / "jobs")


def debugging_sets_folder() -> Path:
    """Where debugging sets are looked for: `ATPATCH_DEBUG_SETS`, or `.atpatch/debug-sets`."""
    return Path(os.environ.get("ATPATCH_DEBUG_SETS") or OWN / "debug-sets")
