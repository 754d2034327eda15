"""What is wrong with a file, without saying which file it is."""

from __future__ import annotations

from ..errors import InputError


class DamagedError(InputError):
    """A file is not what its reader takes, or larger than the limits; the message is one sentence."""


class OversizeError(DamagedError):
    """A file is, or would become, larger than the limits."""
