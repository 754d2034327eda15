"""Sharing this machine with what else runs on it."""

from __future__ import annotations

import ctypes
import os
import sys

import torch

_ARENAS, _MAPPED_FROM = -8, -3  # glibc's M_ARENA_MAX and M_MMAP_THRESHOLD
_A_MAP = 4_000_000  # bytes; attention maps of a long text are larger, what a forward needs in passing is smaller


def leave_cores_free() -> None:
    """Let PyTorch compute on half of the cores, for a process that is not alone, such as a web server with its browser.

    PyTorch's threads wait for each other busily. Where another program needs one of their cores, a small model takes
    ten times as long on all cores as on half of them.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))


def give_memory_back() -> bool:
    """Make the C library return freed memory to the machine, for a process of many threads that runs for days.

    On its own, glibc keeps a heap for every few threads, and what is freed in one is of no use to the others; Streamlit
    runs a page on a new thread each time. Returns whether there was anything to set: other systems do without.
    """
    libc = _glibc()
    return libc is not None and bool(libc.mallopt(_ARENAS, 2)) and bool(libc.mallopt(_MAPPED_FROM, _A_MAP))


def return_freed_memory() -> bool:
    """Hand memory that was freed back to the machine; takes some milliseconds.

    Without it, what attention maps of a hundred lengths leave behind adds up to several hundred megabytes of holes that
    the next map does not fit into. From the first call on, blocks as large as a map come from the machine and go back
    to it, and leave no holes. Returns whether there is a way: other C libraries than glibc do without.
    """
    libc = _glibc()
    if libc is None:
        return False
    libc.mallopt(_MAPPED_FROM, _A_MAP)
    libc.malloc_trim(0)
    return True


def _glibc() -> ctypes.CDLL | None:
    """The C library of this process, if it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
