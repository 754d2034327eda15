"""Text from outside (labels, links, file names) made safe to show in Markdown."""

from __future__ import annotations

import re

# Streamlit also reads the text of a label aloud as it stands, backslashes included: hence no more of them than needed.
_SPECIAL = re.compile(
    r"[\\`*\[\]<>$|~:]"  # emphasis, code, links, HTML, mathematics, tables, directives, emoji
    r"|_(?![a-zA-Z0-9])|(?<![a-zA-Z0-9])_"  # emphasis, but not inside of a word
    r"|(?<!\S)#"  # a heading starts or ends with it
    r"|!(?=\[|$)"  # an image
    r"|&(?=#?\w+(?:;|$))"  # a character reference
)
_ADDRESS = re.compile(r"[()]")
_START = re.compile(r"^(\s*)([-+=])|^(\s*\d+)([.)])")
# Addresses become links, names of icons images, wherever they stand: escapes don't prevent it.
_LINK = re.compile(
    r"(?<=://)(?=[-\w]*\.)|(?<=www)(?=\.)|(?<=@)(?=[-\w]+\.)|(?<=:)(?=streamlit:|material/)", re.IGNORECASE
)
_JOINER = "\u2060"  # has no width and no meaning, and no address holds it


def plain(text: str) -> str:
    """`text` such that Markdown takes no character for more than itself, on one line.

    What looks like an address gets an invisible character in it, so that it does not become a link.
    """
    line = _LINK.sub(_JOINER, re.sub(r"[\r\n\t]", " ", text))
    escaped = _SPECIAL.sub(r"\\\g<0>", line)
    if "](" in line:
        escaped = _ADDRESS.sub(r"\\\g<0>", escaped)
    return _START.sub(r"\1\3\\\2\4", escaped)


def quoted(text: str, longest: int = 40) -> str:
    """A piece of someone else's text in quotation marks, cut to `longest` characters, for use in a sentence."""
    return f"\u201c{text[:longest]}\u2026\u201d" if len(text) > longest else f"\u201c{text}\u201d"
