"""Memory of a dashboard that runs for days."""

from __future__ import annotations

from atpatch_core.machine import A_MAP, MAPPED_FROM, glibc

_ARENAS = -8  # glibc's M_ARENA_MAX


def give_memory_back() -> bool:
    """Make the C library return freed memory to the machine, for a process of many threads that runs for days.

    On its own, glibc keeps a heap for every few threads, and what is freed in one is of no use to the others; Streamlit
    runs a page on a new thread each time. Returns whether there was anything to set: other systems do without.
    """
    libc = glibc()
    return libc is not None and bool(libc.mallopt(_ARENAS, 2)) and bool(libc.mallopt(MAPPED_FROM, A_MAP))
