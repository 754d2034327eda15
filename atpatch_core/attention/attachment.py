"""Attach to models and configs, counted: threads share models, and the last one to leave restores them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class _Attachment:
    held: object  # keeps the object alive, so that its id stays its own
    count: int
    undo: Callable[[], None]


_lock = threading.RLock()
_attachments: dict[int, _Attachment] = {}


def hold(thing: Any, attach: Callable[[Any], Callable[[], None]]) -> None:
    """Attach to an object unless that has been done, and count the holders.

    Args:
        thing: a model or a config.
        attach: attaches to it, and returns what undoes that.
    """
    with _lock:
        attachment = _attachments.get(id(thing))
        if attachment is None:
            attachment = _attachments[id(thing)] = _Attachment(thing, 0, attach(thing))
        attachment.count += 1


def release(thing: Any) -> None:
    """Take one `hold` back; the last one undoes the attachment."""
    with _lock:
        attachment = _attachments[id(thing)]
        attachment.count -= 1
        if attachment.count == 0:
            del _attachments[id(thing)]
            attachment.undo()
