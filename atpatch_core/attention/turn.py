"""Whose turn it is: a block opened in a generator must not reach the code that runs while the generator is suspended.

Generators share the context variables of their caller, so a context variable alone would leave the block of a suspended
generator in force for its caller and for every other generator. The frame of a generator shows whether it runs: one
that is suspended, or has ended, has no caller. A function made by `contextlib.contextmanager` is a generator as well,
but it is suspended *for* the body of its `with` statement: it hands its block on to the code that opened it.
"""

from __future__ import annotations

import inspect
from types import FrameType

_GENERATORS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def innermost_generator(frame: FrameType | None) -> FrameType | None:
    """The nearest generator that `frame` is part of, or runs in; `None` if it runs in none.

    Context managers made of generators are passed over.
    """
    while frame is not None:
        if frame.f_code.co_flags & _GENERATORS and not _drives_a_context_manager(frame.f_back):
            return frame
        frame = frame.f_back
    return None


def runs(generator: FrameType) -> bool:
    """Whether a generator, given by its frame, is running: neither suspended nor at its end."""
    return generator.f_back is not None


def _drives_a_context_manager(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_globals.get("__name__") == "contextlib"
