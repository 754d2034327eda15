"""What content is known by: its SHA-256, in hexadecimal."""

from __future__ import annotations

import hashlib
import re

_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(content: bytes) -> str:
    """The SHA-256 of `content` as 64 lower-case hex characters."""
    return hashlib.sha256(content).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` is the digest of some content: 64 lower-case hex characters and nothing else."""
    return _DIGEST.fullmatch(text) is not None
