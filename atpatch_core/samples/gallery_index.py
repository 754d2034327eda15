"""The list of sample inputs that the dashboard offers: `index.json` beside their files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def replace_samples(folder: Path, kind: str, entries: Sequence[Mapping[str, Any]], files: Mapping[str, bytes]) -> None:
    """Write sample files into `folder` and list them instead of those of the same kind that were listed before.

    An entry is {id, file, title, label, triggered}; `kind` ("image", "text", "record") says which subjects can read it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.json"
    before = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else []
    others = [entry for entry in before if entry.get("kind", "image") != kind]
    for name, content in files.items():
        (folder / name).write_bytes(content)
    listed = [*others, *({"kind": kind, **entry} for entry in entries)]
    index.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
