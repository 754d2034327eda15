"""Read an untrusted text file, and show a piece of text without what could deceive the eye."""

from __future__ import annotations

import codecs
import unicodedata

from .. import limits
from ..errors import InputError
from ..files.content import size

_OTHER_ENCODINGS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HIDDEN = {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}  # Unicode categories that print nothing, or change how others print
_JOINERS = "\u200c\u200d"  # belong between letters of many scripts and parts of an emoji, never in a Latin word


def read_text(content: bytes) -> str:
    """Decode a text file in UTF-8.

    Args:
        content: the bytes of the file, with or without a byte order mark.

    Raises:
        InputError: it is empty, larger than `limits.TEXTS`, or not text in UTF-8.
    """
    if len(content) > limits.TEXTS.bytes:
        raise InputError(f"The text is larger than {size(limits.TEXTS.bytes)}: choose the part you want to look at.")
    if content.startswith(_OTHER_ENCODINGS):
        raise InputError("The text is encoded in UTF-16 or UTF-32: save it as UTF-8 and try again.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("This is not a text in UTF-8: save it as plain text in UTF-8 and try again.") from None
    if "\0" in text:
        raise InputError("The text holds NUL characters, so it may be no text at all: remove them and try again.")
    if not any(unicodedata.category(character) not in _HIDDEN and not character.isspace() for character in text):
        raise InputError("The text is empty: choose one that has some words in it.")
    return text


def visible(text: str) -> str:
    """Spell out every hidden character (bidirectional marks, zero-width spaces, ...) and put the text on one line.

    Example:
        >>> visible("pass\\u200bword\\nhere") == "pass\\u2039U+200B\\u203aword here"
        True
    """
    shown = []
    for place, character in enumerate(text):
        joins = character in _JOINERS and place > 0 and _is_joined(text[place - 1])
        if character in "\t\n\r":
            shown.append(" ")
        elif unicodedata.category(character) in _HIDDEN and not joins:
            shown.append(f"\u2039U+{ord(character):04X}\u203a")
        else:
            shown.append(character)
    return "".join(shown)


def _is_joined(before: str) -> bool:
    """Whether a joiner belongs after this character: after a letter or sign that is seen, of a script with joiners."""
    return not before.isascii() and unicodedata.category(before) not in _HIDDEN
