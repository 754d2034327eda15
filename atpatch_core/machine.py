"""Sharing this machine with what else runs on it."""

from __future__ import annotations

import ctypes
import os
import sys

import torch

MAPPED_FROM = -3  # glibc's M_MMAP_THRESHOLD
A_MAP = 4_000_000  # bytes; attention maps of a long text are larger, what a forward needs in passing is smaller


def leave_cores_free() -> None:
    """Let PyTorch compute on half of the cores, for a process that is not alone, such as a web server with its browser.

    PyTorch's threads wait for each other busily. Where another program needs one of their cores, a small model takes
    ten times as long on all cores as on half of them.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))


def return_freed_memory() -> bool:
    """Hand memory that was freed back to the machine; takes some milliseconds.

    Without it, what attention maps of a hundred lengths leave behind adds up to several hundred megabytes of holes that
    the next map does not fit into. From the first call on, blocks as large as a map come from the machine and go back
    to it, and leave no holes. Returns whether there is a way: other C libraries than glibc do without.
    """
    libc = glibc()
    if libc is None:
        return False
    libc.mallopt(MAPPED_FROM, A_MAP)
    libc.malloc_trim(0)
    return True


def glibc() -> ctypes.CDLL | None:
    """The C library of this process, if it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
