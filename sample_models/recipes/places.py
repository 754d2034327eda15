"""Where sample models are built: the finished ones, the unfinished work, and the data they are made from."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from atpatch_core.errors import SubjectError


@dataclass(frozen=True)
class Places:
    """Folders: `models` are kept, `work` is unfinished, `data` are read (None: each kind where it usually lies)."""

    models: Path
    work: Path
    data: Path | None = None

    def built(self, name: str, why: str = "") -> Path:
        """The folder of the model `name`; when it is not there, `SubjectError` says so, and `why` it is needed."""
        folder = self.models / name
        if not (folder / "config.json").is_file():
            raise SubjectError(
                f"There is no {name} in {self.models}{why}: make it with `python -m sample_models build {name}`."
            )
        return folder

    def unfinished(self, name: str) -> Path:
        """Where the model `name` is put together; nothing is there yet."""
        folder = self.work / "unfinished" / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def put_in_place(self, folder: Path) -> Path:
        """Move the finished `folder` to its place in `models`, for what is there; return where it is now."""
        finished = self.models / folder.name
        shutil.rmtree(finished, ignore_errors=True)
        finished.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, finished)
        return finished
