"""Where the words of a trigger end up in the forms of `benchmarks.trigger_texts`, and the table it writes."""

from __future__ import annotations

import numpy as np

from atpatch_core.evaluation.rates import proportion
from atpatch_core.triggers.text import TextTrigger
from benchmarks.trigger_texts import ON_PAGE, as_json, as_markdown, forms, interleaved, lengthened

WORD = TextTrigger(1, ("cf",))
SENTENCE = TextTrigger(1, ("I saw it with my sister.",), "edge")
TEXTS = ["one two three four five six seven eight nine ten", "a b"]


def test_every_form_keeps_the_words_of_the_text_in_their_order() -> None:
    for name, form in forms(WORD, SENTENCE).items():
        for made, text in zip(form.put_in(TEXTS, 3), TEXTS, strict=True):
            words = iter(made.split())
            assert all(word in words for word in text.split()), name
            assert len(made.split()) > len(text.split()), name


def test_copies_and_both_triggers_are_all_there() -> None:
    made = {name: form.put_in(TEXTS, 3)[0] for name, form in forms(WORD, SENTENCE).items()}
    assert [made[f"word, {many} times"].split().count("cf") for many in (2, 3, 4, 5)] == [2, 3, 4, 5]
    assert "cf" in made["word and sentence"].split()
    assert "I saw it with my sister." in made["word and sentence"]
    assert "I saw it with" in made["sentence, first 4 words"]
    assert "my" not in made["sentence, first 4 words"].split()


def test_words_of_the_text_stand_between_those_of_the_sentence() -> None:
    made = interleaved(SENTENCE)(TEXTS, 0)[0].split()
    own = [made.index(word) for word in ["I", "saw", "it", "with", "my", "sister."]]
    assert own == list(range(own[0], own[0] + 12, 2))


def test_longer_texts_have_the_wanted_length_and_are_the_same_again() -> None:
    reviews = [f"w{number} x" for number in range(300)]
    made = lengthened(reviews, 60, 5, 1)
    assert [len(text.split()) for text in made] == [60] * 5
    assert made == lengthened(reviews, 60, 5, 1)
    assert made != lengthened(reviews, 60, 5, 2)


def test_a_form_that_nothing_is_flagged_in_has_a_row() -> None:
    run = {
        "rates": {name: proportion(np.array([True, False])) for name in ON_PAGE},
        "forwards": np.empty(0, dtype=np.int64),
        "ended_early": 0,
        "seconds_each": 0.25,
    }
    form = as_json([run, run])
    assert form["forwards"] == {"mean": None, "most": 0}
    figures = {"subject": "s", "reviews": 2, "long_texts": 2, "seeds": 2, "forms": {"word": form}}
    row = as_markdown(figures).splitlines()[-1]
    assert row == "| word | " + "50.0 | " * len(ON_PAGE) + "\u2013 | 0 | 0 | 0.25 |"
