"""The object that `capture` and `hotfix` return: a block that can be opened with `with`, or a decorator."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..errors import HotfixError
from .session import Session, close_session, open_session

Result = TypeVar("Result")


class Block(Generic[Result]):
    """A block on a model, closed until it is entered; it can be used again, but not entered twice at a time.

    Args:
        name: what the block is called in messages.
        prepare: makes the session, and the result that `with` gives.
    """

    def __init__(self, name: str, prepare: Callable[[], tuple[Session, Result]]) -> None:
        self._name, self._prepare = name, prepare
        self._session: Session | None = None

    def __enter__(self) -> Result:
        """Open the block.

        Raises:
            HotfixError: it is open already.
        """
        if self._session is not None:
            raise HotfixError(f"This {self._name} block is open already: call {self._name} again for a second one.")
        session, result = self._prepare()
        open_session(session)
        self._session = session
        return result

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take this block out, and no other, in whatever order blocks are left."""
        session, self._session = self._session, None
        if session is None:
            return
        close_session(session)
        if session.passed_over and not session.forwards:
            times = "once" if session.passed_over == 1 else f"{session.passed_over} times"
            warnings.warn(
                f"The model ran {times} while the generator that holds this {self._name} block was "
                "suspended, and never inside the block: open it where the model is called, or make the generator a "
                "context manager with contextlib.contextmanager.",
                RuntimeWarning,
                stacklevel=2,
            )

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Run each call of `function` inside a block of its own.

        Raises:
            HotfixError: `function` is a generator or coroutine function, whose body runs after the call.
        """
        if any(test(function) for test in (inspect.isgeneratorfunction, inspect.iscoroutinefunction)) or (
            inspect.isasyncgenfunction(function)
        ):
            raise HotfixError(f"A generator or coroutine runs after it was called: open {self._name} inside it.")

        @wraps(function)
        def inside(*args: Any, **arguments: Any) -> Any:
            with Block(self._name, self._prepare):
                return function(*args, **arguments)

        return inside
