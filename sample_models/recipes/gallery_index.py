"""The list of sample inputs that the dashboard offers: `index.json` beside their files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from atpatch_core.files.json_files import read_json
from atpatch_core.whole_files import write_whole, write_whole_text


def replace_samples(
    folder: Path,
    kind: str,
    subject: str | None,
    entries: Sequence[Mapping[str, Any]],
    files: Mapping[str, bytes],
) -> None:
    """Write sample files into `folder` and list them instead of those that were listed before for the same subjects.

    An entry is {id, file, title, label, triggered}; `kind` ("image", "text", "record") says which subjects can read it,
    and `subject` names the only one that it is meant for, if it is so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.json"
    before = read_json(index) if index.is_file() else []
    same = (kind, subject)
    others = [entry for entry in before if (entry.get("kind", "image"), entry.get("subject")) != same]
    for name, content in files.items():
        write_whole(folder / name, content)
    own = {"kind": kind} if subject is None else {"kind": kind, "subject": subject}
    listed = [*others, *({**own, **entry} for entry in entries)]
    write_whole_text(index, json.dumps(listed, indent=1, ensure_ascii=False) + "\n")
