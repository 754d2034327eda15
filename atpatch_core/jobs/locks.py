"""Locks that end with the process that holds them, however that ends, and that say who held them last.

They are locks of the operating system (`flock`) on files. A process that is handed the open file when it starts holds
the lock together with whoever started it, until both have closed it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "one"
    ...     handle = take(file)
    ...     note(handle, "me")
    ...     holder(file), take(file)
    ('me', None)
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

_LONGEST = 200  # bytes of what is noted in one


def take(file: Path) -> int | None:
    """Take the lock, if nobody has it.

    Returns:
        The open file, to be closed with `os.close`, which lets go of the lock; `None` if somebody has it.

    Raises:
        OSError: the disk refuses.
    """
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        if _is_at(file, handle):
            return handle
        os.close(handle)  # it was removed between opening and locking


def note(handle: int, name: str) -> None:
    """Write down in a lock that one has who has it."""
    os.ftruncate(handle, 0)
    os.pwrite(handle, name.encode(), 0)


def noted(file: Path) -> str:
    """Who has the lock, or had it last; nothing if nobody ever had."""
    try:
        with file.open("rb") as opened:
            return opened.read(_LONGEST).decode(errors="replace")
    except OSError:
        return ""


def holder(file: Path) -> str | None:
    """Who has the lock now, `None` if nobody."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(handle, _LONGEST).decode(errors="replace")
    finally:
        os.close(handle)
    return None


def forget(file: Path, name: str) -> None:
    """Remove the lock that `name` had last, unless somebody has it now."""
    with suppress(OSError):
        if noted(file) != name or (handle := take(file)) is None:
            return
        try:
            if noted(file) == name:
                file.unlink()
        finally:
            os.close(handle)


def _is_at(file: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(handle))
    except FileNotFoundError:
        return False
