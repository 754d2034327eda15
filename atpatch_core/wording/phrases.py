"""How figures and sentences write numbers and lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def percent(share: float) -> str:
    """0.961 as "96.1 %", with a space that does not break.

    Example:
        >>> percent(0.961) == "96.1\\u00a0%"
        True
    """
    return f"{share * 100:.1f}\u00a0%"


def score_text(value: float) -> str:
    """A score from 0 to 1 as "0.814"; with more digits where three would say 1.

    Example:
        >>> score_text(0.8138), score_text(0.99981), score_text(1.0)
        ('0.814', '0.9998', '1.000')
    """
    if 0.9999995 <= value < 1:
        return "> 0.999999"
    digits = 3
    while digits < 6 and value < 1 and round(value, digits) >= 1:
        digits += 1
    return f"{value:.{digits}f}"


def with_article(noun: str) -> str:
    """ "image" as "an image", "text" as "a text".

    Example:
        >>> with_article("image"), with_article("record")
        ('an image', 'a record')
    """
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c".

    Example:
        >>> listed(["age", "sex", "race"])
        'age, sex and race'
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(number: int, noun: str) -> str:
    """ "1 column", "2 columns".

    Example:
        >>> counted(1, "column"), counted(2, "column")
        ('1 column', '2 columns')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def unique(names: Sequence[str]) -> list[str]:
    """`names`, each that occurs more than once (two equal words of a text, say) with its number added.

    Example:
        >>> unique(["a", "film", "a"])
        ['a (0)', 'film', 'a (2)']
    """
    occurrences = Counter(names)
    return [name if occurrences[name] == 1 else f"{name} ({number})" for number, name in enumerate(names)]
