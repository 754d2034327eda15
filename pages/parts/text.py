"""Text from outside (labels, links, file names) made safe to show in Markdown."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$:~^=&\"'])")


def plain(text: str) -> str:
    """`text` with every character escaped that Markdown could take for more than itself, on one line."""
    return _SPECIAL.sub(r"\\\1", re.sub(r"[\r\n\t]", " ", text))


def quoted(text: str, longest: int = 40) -> str:
    """A piece of someone else's text in quotation marks, cut to `longest` characters, for use in a sentence."""
    return f"\u201c{text[:longest]}\u2026\u201d" if len(text) > longest else f"\u201c{text}\u201d"
