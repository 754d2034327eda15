"""Where a sample subject goes once all of it is done."""

from __future__ import annotations

import shutil
from pathlib import Path


def put_in_place(folder: Path, models: Path, name: str) -> Path:
    """Move the finished `folder` to `models / name`, in place of what is there; return where it is now."""
    finished = models / name
    shutil.rmtree(finished, ignore_errors=True)
    finished.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, finished)
    return finished
