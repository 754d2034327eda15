"""Files and folders that are there as a whole or not at all, and the removal of whatever a killed writer left behind.

Whatever is written goes under a name of its own first (`.writing-` and 16 hex digits, in the same folder) and is
renamed once it is complete and on the disk. While it is written, its writer holds a lock of the operating system on it
(`flock`), which ends with the process, however that ends. So it is always clear what is no longer being written: it has
such a name, and no lock. `sweep` removes exactly that, and every write sweeps its folder first.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "notes.txt") as file:
    ...         _ = file.write(b"all of it")
    ...     (Path(folder) / "notes.txt").read_bytes()
    b'all of it'
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_PREFIX = ".writing-"
_SCRATCH = "atpatch-writing-"
_OURS = re.compile(r"(?:\.writing|atpatch-writing)-[0-9a-f]{16}")
# Names of versions that held no lock; theirs count as left behind after an hour without a change.
_FORMERLY = re.compile(
    r"\.writing-[a-z0-9_]{1,16}|\.detector\.(?:json|safetensors)\.partial|\.(?:request|status)\.json\.\d+"
    r"|(?:provenance|pairs|benign|\d+-(?:mask|window|wide-window)-\d+)\.partial"
)
_AN_HOUR = 3_600  # seconds


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """A file to write into, which becomes `path` when the block ends, and nothing if it ends in an exception.

    Args:
        path: where it will be; a link is followed, and anything but an ordinary file (`/dev/stdout`) is written
            directly.
        mode: permissions of the new file, less those that the process's umask takes away; 0o666 by default.

    Raises:
        OSError: the disk refuses; whatever was at `path` before is still there.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    sweep(target.parent)
    handle, unfinished = _new_file(target.parent, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(unfinished, target)  # before the lock is let go
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file as `replacing` does.

    Args:
        path: where it will be.
        content: all of it.
        mode: permissions of the new file, less those that the process's umask takes away; 0o666 by default.

    Raises:
        OSError: the disk refuses; whatever was at `path` before is still there.
    """
    with replacing(path, mode) as file:
        file.write(content)


def write_whole_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, as `replacing` does.

    Raises:
        OSError: the disk refuses; whatever was at `path` before is still there.
    """
    write_whole(path, text.encode("utf-8"))


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `path` when the block ends, and nothing if it ends in an exception.

    Raises:
        OSError: the disk refuses, or there is something at `path` by then, which stays as it is.
    """
    sweep(path.parent)
    handle, unfinished = _new_locked_folder(path.parent, _PREFIX, 0o777)
    try:
        yield unfinished
        for file in unfinished.iterdir():
            _settle(file)
        unfinished.rename(path)  # fails if there is something already, unless it is an empty folder
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    finally:
        os.close(handle)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder outside of all others, for its owner only, that is gone when the block ends.

    If the process is killed, the folder is removed by the next call, or by `sweep_scratch`.

    Raises:
        OSError: the disk refuses.
    """
    sweep_scratch()
    handle, folder = _new_locked_folder(Path(tempfile.gettempdir()), _SCRATCH, 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(folder: Path) -> int:
    """Remove what killed processes left half-written directly in `folder`.

    Nothing is removed that a living process writes, that belongs to another user, that is a link, or that has any other
    name than those given here. In a folder that is missing or can't be read there is nothing to remove.

    Returns:
        How many files and folders were removed.
    """
    removed = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _OURS.fullmatch(entry.name) or _FORMERLY.fullmatch(entry.name):
                with suppress(OSError):
                    removed += _remove_if_left(Path(entry.path))
    return removed


def sweep_scratch() -> int:
    """Remove what killed processes left of a `scratch_folder`, as `sweep` does."""
    return sweep(Path(tempfile.gettempdir()))


def _remove_if_left(path: Path) -> bool:
    """Raises `OSError` when it went meanwhile, is a link, or can't be removed."""
    # Not to wait where a name stands for a pipe, and not to follow a link.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid() or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            return False
        if not _OURS.fullmatch(path.name) and time.time() - status.st_mtime < _AN_HOUR:
            return False
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(path, handle):  # it has become what it was written for
            return False
        if stat.S_ISDIR(status.st_mode):
            shutil.rmtree(path)
        else:
            path.unlink()
        return True
    finally:
        os.close(handle)


def _new_file(folder: Path, mode: int) -> tuple[int, Path]:
    """A new file that this process has the lock of, open for writing."""
    while True:
        path = folder / f"{_PREFIX}{secrets.token_hex(8)}"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        if _lock(path, handle):
            return handle, path


def _new_locked_folder(parent: Path, prefix: str, mode: int) -> tuple[int, Path]:
    """A new folder that this process has the lock of, until the handle is closed."""
    while True:
        path = parent / f"{prefix}{secrets.token_hex(8)}"
        path.mkdir(mode)
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            if _lock(path, handle):
                return handle, path


def _lock(path: Path, handle: int) -> bool:
    """Take the lock; false if a sweep was quicker, between making and locking, and removed it (`handle` is closed)."""
    with suppress(OSError):  # where there are no locks, nobody can take one to sweep either
        fcntl.flock(handle, fcntl.LOCK_EX)
    if _is_at(path, handle):
        return True
    os.close(handle)
    return False


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(handle))
    except FileNotFoundError:
        return False


def _settle(file: Path) -> None:
    """Have the disk really hold what was written."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
