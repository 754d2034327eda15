"""Turn whatever a library raises into a sentence: what can't be done, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import AtPatchError, SubjectError

_LONGEST = 200  # characters of what a library says


@contextmanager
def explained(what: str, advice: str) -> Iterator[None]:
    """Turn what libraries raise inside the block into a `SubjectError`; an `AtPatchError` passes, as it is a sentence
    already.

    Args:
        what: what can't be done, as the beginning of a sentence: "The model in X can't be loaded".
        advice: what to do about it: "save it again".

    Raises:
        SubjectError: a library raised something, which is the error's cause.

    Example:
        >>> with explained("The table can't be read", "write it again"):
        ...     raise KeyError("rows")
        Traceback (most recent call last):
        atpatch_core.errors.SubjectError: The table can't be read ('rows'): write it again.
    """
    try:
        yield
    except AtPatchError:
        raise
    except MemoryError as error:
        raise SubjectError(f"{what}: there is not enough memory for it, so close other programs.") from error
    except ImportError as error:
        raise SubjectError(
            f"{what}: it needs a library that is not installed here ({cause_of(error)}), so use a model of "
            "Transformers alone."
        ) from error
    except Exception as error:
        raise SubjectError(f"{what} ({cause_of(error)}): {advice}.") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what libraries in Rust raise where they did not think of it
            raise
        raise SubjectError(f"{what} ({cause_of(error)}): {advice}.") from error


def cause_of(error: BaseException) -> str:
    """What an exception of a library says, on one line and not too long."""
    lines = " ".join(str(error).split()).rstrip(".:")
    short = f"{lines[:_LONGEST]}\u2026" if len(lines) > _LONGEST else lines
    return short or type(error).__name__
