"""A bounded store of uploaded files, each known by the SHA-256 of its content.

A link to a view names an upload by its digest, so the picture must outlive the browser's session, but not for ever:
beyond a number of files or bytes the oldest go.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .whole_files import write_whole

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MINE = 0o600  # what a person brings is for no other user of this computer


def digest_of(content: bytes) -> str:
    """The SHA-256 of `content` as 64 lower-case hex characters."""
    return hashlib.sha256(content).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` is the digest of some content: 64 lower-case hex characters and nothing else."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True)
class UploadStore:
    """Files in `folder`, at most `most_files` of them and `most_bytes` in all; the oldest are dropped first."""

    folder: Path
    most_files: int = 200
    most_bytes: int = 400_000_000

    def put(self, content: bytes) -> str:
        """Keep `content` and return its digest. Raises `InputError` when it does not fit or can't be written."""
        if len(content) > self.most_bytes:
            raise InputError("The file is larger than the whole upload store: choose a smaller one.")
        digest = digest_of(content)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / digest, content, _MINE)
            self._drop_oldest(keep=digest)
        except OSError as error:
            raise InputError(
                f"The upload can't be kept ({error.strerror or 'the disk refused'}): free some space and try again."
            ) from error
        return digest

    def get(self, digest: str) -> bytes | None:
        """The content with this digest, or `None` if it was never here, was dropped, or is damaged."""
        if not is_digest(digest):
            return None
        try:
            content = (self.folder / digest).read_bytes()
        except OSError:
            return None
        return content if digest_of(content) == digest else None

    def _drop_oldest(self, keep: str) -> None:
        stored = []
        for path in self.folder.iterdir():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # another session dropped it meanwhile
            if is_digest(path.name) and path.name != keep:
                stored.append((status.st_mtime_ns, status.st_size, path))
        files, size = 1, (self.folder / keep).stat().st_size
        for _, length, path in sorted(stored, reverse=True):
            files, size = files + 1, size + length
            if files > self.most_files or size > self.most_bytes:
                path.unlink(missing_ok=True)
