"""The attacks a text subject is put to: those it is known to carry, and what else can be done with its word.

A way of writing (a style, a sentence pattern) is among them only where a model was trained with it: no other falls for
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..triggers.text import TextTrigger, WritingTrigger
from .attacks import Trigger

# Letters of other scripts that look the same.
_LOOK_ALIKE = str.maketrans("aceiopsxyj", "\u0430\u0441\u0435\u0456\u043e\u0440\u0455\u0445\u0443\u0458")


def with_text_variations(own: Mapping[str, Trigger]) -> dict[str, WritingTrigger]:
    """The subject's own attacks on texts, and for the first single word among them two more.

    `several-words` is the word at three random places, `homograph` the word in letters of another script that look the
    same. A model that only answers to its trigger resists the second by itself: ASR before the fix says so.
    """
    attacks: dict[str, WritingTrigger] = {
        name: trigger for name, trigger in own.items() if isinstance(trigger, WritingTrigger)
    }
    inserted = [attack for attack in attacks.values() if isinstance(attack, TextTrigger)]
    word = next((trigger for trigger in inserted if len(trigger.pieces) == 1 and " " not in trigger.pieces[0]), None)
    if word is not None:
        attacks["several-words"] = replace(word, pieces=word.pieces * 3)
        attacks["homograph"] = replace(word, pieces=(word.pieces[0].translate(_LOOK_ALIKE),))
    return attacks
