"""A bounded store of uploaded files, each known by the SHA-256 of its content, with the name it was brought under.

A link to a view names an upload by its digest, so the image must outlive the browser's session, but not for ever:
beyond a number of files or bytes the oldest go.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from atpatch_core.digest import digest_of, is_digest
from atpatch_core.errors import InputError
from atpatch_core.files.whole_files import write_whole

_MINE = 0o600  # what a person brings is for no other user of this computer
_NAME = ".name"  # ends the name of the file that holds the name of another one
_LONGEST_NAME = 60
_LONGEST_READ = 1_000  # no file system has longer names
_END = 16


def clean_name(name: str) -> str:
    """A name from outside on one line of at most 60 characters, without any that can't be seen or turn the others
    round; whoever shows it must still escape it. Of a longer one the middle goes: its end says what kind of file it is.
    """
    seen = "".join(
        character if character.isprintable() else " "
        for character in unicodedata.normalize("NFC", name[:_LONGEST_READ])
    )
    words = " ".join(seen.split())
    if len(words) <= _LONGEST_NAME:
        return words
    return f"{words[: _LONGEST_NAME - _END - 1]}\u2026{words[-_END:]}"


@dataclass(frozen=True)
class UploadStore:
    """Files in `folder`, at most `most_files` of them and `most_bytes` in all; the oldest are dropped first."""

    folder: Path
    most_files: int = 200
    most_bytes: int = 400_000_000

    def put(self, content: bytes, name: str = "") -> str:
        """Keep `content` and return its digest. Raises `InputError` when it does not fit or can't be written.

        `name` is what the file is called. Content that already has a name keeps that one, because a link to it may
        have been passed on.
        """
        if len(content) > self.most_bytes:
            raise InputError("The file is larger than the whole upload store: choose a smaller one.")
        digest = digest_of(content)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / digest, content, _MINE)
            if clean_name(name) and self.name(digest) is None:
                write_whole(self.folder / f"{digest}{_NAME}", clean_name(name).encode("utf-8"), _MINE)
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

    def name(self, digest: str) -> str | None:
        """What the content with this digest was called when it was first brought; `None` if it had no name."""
        if not is_digest(digest):
            return None
        try:
            with (self.folder / f"{digest}{_NAME}").open("rb") as file:
                kept = file.read(_LONGEST_READ).decode("utf-8", "replace")
        except OSError:
            return None
        return clean_name(kept) or None

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
                path.with_name(f"{path.name}{_NAME}").unlink(missing_ok=True)
