"""The list of sample inputs that the dashboard offers: `index.json` beside their files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atpatch_core.files.json_files import read_json
from atpatch_core.whole_files import write_whole, write_whole_text


@dataclass(frozen=True)
class SampleInput:
    """An input to try a model on: its id, the ending and content of its file, and what is said of it."""

    id: str
    ending: str
    content: bytes
    title: str
    label: str
    triggered: bool

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.id}.{self.ending}"


def replace_samples(folder: Path, kind: str, subject: str | None, inputs: Sequence[SampleInput]) -> None:
    """Write sample inputs into `folder` and list them instead of those that were listed before for the same subjects.

    `kind` ("image", "text", "record") says which subjects can read them, and `subject` names the only one that they are
    meant for, if it is so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.json"
    before = read_json(index) if index.is_file() else []
    same = (kind, subject)
    listed = [entry for entry in before if (entry.get("kind", "image"), entry.get("subject")) != same]
    own = {"kind": kind} if subject is None else {"kind": kind, "subject": subject}
    for sample in inputs:
        write_whole(folder / sample.file, sample.content)
        said = {name: getattr(sample, name) for name in ("id", "file", "title", "label", "triggered")}
        listed.append({**own, **said})
    write_whole_text(index, json.dumps(listed, indent=1, ensure_ascii=False) + "\n")
