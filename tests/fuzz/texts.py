"""Text files: in many scripts, in other encodings, with what no screen shows."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from atpatch_core.subjects.text_files import read_text, visible

from .case import Case, equal, low

_ALPHABETS = (
    "abcdefg  .,!?",
    "\u0430\u0431\u0432 ",
    "\u0645\u0631\u062d ",
    "\u4f60\u597d",
    "\U0001f600\u2764\ufe0f ",
    "e\u0301\u0302 ",
)
_HIDDEN = "\u202e\u200b\u200d\ufeff\u2066\u0007\u001b\u2028\ue000"


def cases(rng: random.Random) -> Iterator[Case]:
    """About a hundred and seventy files."""
    for number in range(60):
        text = _words(rng) + "x"
        yield Case(f"text {number}", _reading(text.encode()), equal(text))
    for number in range(10):
        text = _words(rng) + "x"
        yield Case(f"with a mark {number}", _reading(b"\xef\xbb\xbf" + text.encode()), equal(text))
    for number in range(12):
        encoding = ("utf-16", "utf-32", "utf-16-le", "utf-32-be")[number % 4]
        # Without a mark, every second byte of an English text is NUL.
        yield Case(f"{encoding} {number}", _reading((_words(rng, _ALPHABETS[0]) + "abc").encode(encoding)))
    for number in range(40):
        content = bytearray(("\u4f60\u597d" + _words(rng)).encode())
        where = rng.randrange(len(content))
        content[where : where + 1] = bytes([rng.choice((0xFF, 0xC0, 0xF8, 0xED, 0x80))])
        yield Case(f"injured {number}", _reading(bytes(content)), *_as_python_decodes(bytes(content)))
    for number in range(15):
        yield Case(f"nothing to read {number}", _reading("".join(rng.choices(_HIDDEN + " \n\t", k=9)).encode()))
        text = _words(rng) + "x"
        yield Case(f"a NUL {number}", _reading((text + "\0" + text).encode()))
    for number in range(15):
        text = "".join(rng.choices(_ALPHABETS[0] + _HIDDEN, k=40))
        yield Case(f"shown {number}", lambda folder, text=text: visible(text), _spells_out)
    for most in (3, 50, 999):
        yield Case(f"beyond {most} bytes", _limited(b"a" * (most + 1), most))
        yield Case(f"{most} bytes", _limited(b"a" * most, most), equal("a" * most))


def _words(rng: random.Random, alphabet: str | None = None) -> str:
    return "".join(rng.choices(alphabet or rng.choice(_ALPHABETS), k=rng.randrange(1, 80)))


def _reading(content: bytes) -> Callable[[Path], object]:
    return lambda folder: read_text(content)


def _limited(content: bytes, most: int) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        with low("TEXTS", bytes=most):
            return read_text(content)

    return attempt


def _as_python_decodes(content: bytes) -> tuple[Callable[[object], bool] | None]:
    """What Python's own decoder says of a text."""
    try:
        return (equal(content.decode()),)
    except UnicodeDecodeError:
        return (None,)


def _spells_out(found: str) -> bool:
    return not any(unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") for letter in found)
