"""Keep what was measured on disk, so that a killed build resumes where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atpatch_core.whole_files import write_whole_text


class KeptFigures:
    """Figures of one model, by part and name, that are written to a file as they come; other weights' are forgotten."""

    def __init__(self, path: Path, model: str, *parts: str) -> None:
        self._path, self._model = path, model
        self.figures: dict[str, dict[str, Any]] = {part: {} for part in parts}
        if path.is_file():
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["model"] == model:
                self.figures = content["figures"]

    def measure(self, part: str, name: str, measure: Callable[[], dict[str, Any]]) -> None:
        """Measure what is not there yet."""
        if name not in self.figures[part]:
            self.figures[part][name] = measure()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole_text(self._path, json.dumps({"model": self._model, "figures": self.figures}))
