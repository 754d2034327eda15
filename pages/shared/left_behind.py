"""What a dashboard that was killed left half-written in its folders, removed when the next one starts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from streamlit.starlette import App

from atpatch_core.files.whole_files import sweep, sweep_scratch
from pages.shared.folders import (
    debugging_sets_folder,
    jobs_folder,
    models_folder,
    trainings_folder,
    uploads_folder,
)


@asynccontextmanager
async def swept_at_start(_app: App) -> AsyncIterator[None]:
    """For the life of the application: sweeps once before the first request."""
    sweep_folders()
    yield


def sweep_folders() -> int:
    """Remove it; returns how many files and folders that were. What another process is writing stays."""
    return sum(map(sweep, _written_to())) + sweep_scratch()


def _written_to() -> Iterator[Path]:
    """Every folder that this project writes into while the dashboard is used."""
    yield uploads_folder()
    yield from _and_those_in(trainings_folder())
    yield from _and_those_in(jobs_folder())
    for debugging_set in _and_those_in(debugging_sets_folder()):
        yield debugging_set
        yield debugging_set / "triggers"
    for model in _and_those_in(models_folder()):
        yield model
        yield model / "atpatch"
        yield from _and_those_in(model / "atpatch" / "versions")


def _and_those_in(folder: Path) -> Iterator[Path]:
    """`folder` and the folders directly in it; links are not followed."""
    yield folder
    try:
        yield from [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return
