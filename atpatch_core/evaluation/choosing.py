"""Attacks and defences by the names that somebody gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..errors import InputError

Named = TypeVar("Named")


def chosen(names: str, known: Mapping[str, Named], what: str) -> dict[str, Named]:
    """Those in "all" or in a list like "badnets,corners", in the order of `known`; `what` is what they are called.

    Raises `InputError` for a name that is not known.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if wanted == ["all"]:
        return dict(known)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise InputError(f"There is no {what} {', '.join(unknown) or 'named'}; there are all, {', '.join(known)}.")
    return {name: value for name, value in known.items() if name in wanted}
