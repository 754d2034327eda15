"""Attacks and defences by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..errors import InputError

Named = TypeVar("Named")


def chosen(names: str, known: Mapping[str, Named], what: str) -> dict[str, Named]:
    """Choose by names.

    Args:
        names: "all", or a list such as "badnets,corners".
        known: everything there is to choose from, by name.
        what: what one of them is called in the message.

    Returns:
        Those named, in the order of `known`.

    Raises:
        InputError: a name is not known, or there is none.

    Example:
        >>> chosen("b, a", {"a": 1, "b": 2, "c": 3}, "letter")
        {'a': 1, 'b': 2}
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if wanted == ["all"]:
        return dict(known)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise InputError(f"There is no {what} {', '.join(unknown) or 'named'}; there are all, {', '.join(known)}.")
    return {name: value for name, value in known.items() if name in wanted}
