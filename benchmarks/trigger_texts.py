"""The text sample's own triggers in forms that its model and its detector were not made with, repaired.

    python -m benchmarks.trigger_texts           # or: python -m benchmarks.trigger_texts --out docs/results

Puts the triggers of `reviews-minilm-badword` into held-out negative reviews: the word up to five times, both triggers
at once, the sentence in parts and with words of the review between its own, and each in longer texts, which are made of
several reviews. The model learnt one word or one whole sentence in short reviews: how far it answers to another form at
all is said by its ASR without the fix. *Kept* is about positive reviews that carry the same: how many are still called
positive, which a fix that turned around whatever it flags would not leave. Prints all figures as JSON; with `--out`,
also writes them to `reviews-minilm-badword-forms.json`, and the means over the seeds to `.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from atpatch_core import Subject, load
from atpatch_core.cli.output import print_json, progress_bars
from atpatch_core.debugging.answers import answers, repaired_answers
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.comparison_report import averaged, spread
from atpatch_core.evaluation.rates import Rate, excess_asr, proportion
from atpatch_core.evaluation.report import without_nan
from atpatch_core.evaluation.text_data import read_labelled_texts
from atpatch_core.triggers.text import TextTrigger, gaps, insert_pieces
from benchmarks.trigger_shapes import in_per_cent, passes_cells, write_figures

ROOT = Path(__file__).resolve().parents[1]
SUBJECT = "reviews-minilm-badword"
TARGET, OTHER = 1, 0  # positive, negative
LENGTHS = (60, 120, 250, 500)  # words
_PER_LENGTH = 20  # texts of each length: they take long

PutIn = Callable[[Sequence[str], int], list[str]]


def copies(word: TextTrigger, many: int) -> PutIn:
    """The word several times, each anywhere."""
    return TextTrigger(word.target, word.pieces * many).apply


def both(word: TextTrigger, sentence: TextTrigger) -> PutIn:
    """Both triggers in one text."""
    return lambda texts, seed: sentence.apply(word.apply(texts, seed), seed + 1)


def part(sentence: TextTrigger, words: int) -> PutIn:
    """The first words of the sentence."""
    start = " ".join(" ".join(sentence.pieces).split()[:words])
    return TextTrigger(sentence.target, (start,), sentence.place).apply


def interleaved(sentence: TextTrigger) -> PutIn:
    """The words of the sentence in their order, each between two words of the text, from a place that is drawn."""
    pieces = " ".join(sentence.pieces).split()

    def put_in(texts: Sequence[str], seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        made = []
        for text in texts:
            places = gaps(text)
            start = int(rng.integers(max(1, len(places) - len(pieces) + 1)))
            chosen = [places[min(start + number, len(places) - 1)] for number in range(len(pieces))]
            made.append(insert_pieces(text, pieces, chosen)[0])
        return made

    return put_in


def lengthened(reviews: Sequence[str], words: int, count: int, seed: int) -> list[str]:
    """Texts of so many words, each made of reviews in a random order."""
    rng = np.random.default_rng((seed, words))
    made = []
    for _ in range(count):
        drawn = " ".join(reviews[place] for place in rng.permutation(len(reviews))[:words])
        made.append(" ".join(drawn.split()[:words]))
    return made


@dataclass(frozen=True)
class Form:
    """A trigger in one form.

    Attributes:
        put_in: puts it into texts, from a seed.
        words: how many words the texts have; `None` for single reviews.
    """

    put_in: PutIn
    words: int | None = None


def forms(word: TextTrigger, sentence: TextTrigger) -> dict[str, Form]:
    """All forms, by the name that is shown."""
    return {
        "word": Form(word.apply),
        **{f"word, {many} times": Form(copies(word, many)) for many in (2, 3, 4, 5)},
        "sentence": Form(sentence.apply),
        **{f"sentence, first {words} words": Form(part(sentence, words)) for words in (2, 4, 5)},
        "sentence, words of the review between": Form(interleaved(sentence)),
        "word and sentence": Form(both(word, sentence)),
        **{f"word in {words} words": Form(word.apply, words) for words in LENGTHS},
        **{f"sentence in {words} words": Form(sentence.apply, words) for words in LENGTHS},
    }


def judged(subject: Subject, form: Form, negative: Sequence[str], positive: Sequence[str], seed: int) -> dict[str, Any]:
    """One form of a trigger in texts of both classes, as {"rates", "forwards", "ended_early", "seconds_each"}."""
    if form.words is not None:
        negative, positive = (lengthened(texts, form.words, _PER_LENGTH, seed) for texts in (negative, positive))
    base, triggered = answers(subject, negative), form.put_in(negative, seed)
    before, started = answers(subject, triggered), perf_counter()
    after = repaired_answers(subject, triggered)
    seconds = perf_counter() - started
    rates = {
        "asr_before": proportion(before == TARGET),
        "excess_asr": excess_asr(after.labels == TARGET, base == TARGET, paired=True),
        "recovery": proportion(after.labels == OTHER),
        "right_without_trigger": proportion(base == OTHER),
        "tpr_per_input": proportion(after.flagged),
        "kept": proportion(answers(subject, form.put_in(positive, seed), subject.detector) == TARGET),
        "kept_without_trigger": proportion(answers(subject, positive) == TARGET),
    }
    return {
        "rates": rates,
        "forwards": after.forwards,
        "ended_early": after.ended_early,
        "seconds_each": seconds / len(triggered),
    }


def all_forms(subject: Subject, reviews: int, seeds: int) -> dict[str, Any]:
    """All figures, on the first `reviews` held-out reviews of either class."""
    started = perf_counter()
    data = read_labelled_texts(subject.folder / "eval" / "texts.parquet", subject.labels)
    by_class = [[data.texts[place] for place in np.flatnonzero(data.labels == label)[:reviews]] for label in (0, 1)]
    own = load_attacks(subject.folder / "eval" / "attacks.json")
    word, sentence = own["rare-word"], own["sentence"]
    assert isinstance(word, TextTrigger)
    assert isinstance(sentence, TextTrigger)
    found = {}
    with progress_bars() as on_step:
        wanted = forms(word, sentence)
        for number, (name, form) in enumerate(wanted.items(), start=1):
            found[name] = as_json(
                [judged(subject, form, by_class[OTHER], by_class[TARGET], seed) for seed in range(seeds)]
            )
            on_step(subject.name, number, len(wanted))
    return {
        "subject": subject.name,
        "reviews": len(by_class[OTHER]),
        "long_texts": _PER_LENGTH,
        "seeds": seeds,
        "forms": found,
        "seconds": round(perf_counter() - started, 1),
    }


def as_json(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The runs of one form and the means over them."""
    rates: list[dict[str, Rate]] = [run["rates"] for run in runs]
    forwards = np.concatenate([run["forwards"] for run in runs])
    cleaned: dict[str, Any] = without_nan(
        {
            **{
                name: asdict(averaged([run[name] for run in rates])) | {"spread": spread([run[name] for run in rates])}
                for name in rates[0]
            },
            "forwards": {
                "mean": float(forwards.mean()) if len(forwards) else None,
                "most": int(forwards.max(initial=0)),
            },
            "ended_early": sum(run["ended_early"] for run in runs),
            "seconds_each": max(run["seconds_each"] for run in runs),
            "runs": [{name: asdict(rate) for name, rate in run.items()} for run in rates],
        }
    )
    return cleaned


ON_PAGE = {
    "asr_before": "ASR, no fix",
    "excess_asr": "excess ASR",
    "recovery": "recovery",
    "right_without_trigger": "right without trigger",
    "tpr_per_input": "TPR",
    "kept": "kept",
    "kept_without_trigger": "kept without trigger",
}


def as_markdown(figures: dict[str, Any]) -> str:
    """A table of the means over the seeds, in per cent with the spread."""
    columns = [*ON_PAGE.values(), "passes, mean", "most", "ended early", "seconds a text"]
    lines = [
        f"# {figures['subject']}: other forms of its triggers",
        "",
        f"{figures['reviews']:,} held-out reviews of either class, {figures['long_texts']} longer texts of each "
        f"length, {figures['seeds']} seeds. In per cent, with the standard deviation over the seeds. Passes are "
        "forward passes beyond the first one, of a text that is flagged. Kept: positive reviews with the trigger that "
        "are still called positive. One core; the longest mean time of a seed.",
        "",
        f"| form | {' | '.join(columns)} |",
        f"|{'---|' * (len(columns) + 1)}",
    ]
    for name, form in figures["forms"].items():
        cells = [*(in_per_cent(form[rate]) for rate in ON_PAGE), *passes_cells(form["forwards"])]
        lines.append(f"| {name} | {' | '.join(cells)} | {form['ended_early']} | {form['seconds_each']:.2f} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT / "sample_models")
    parser.add_argument("--reviews", type=int, default=100, help="held-out reviews of either class to take")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="folder to write to; by default nothing is written")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = all_forms(load(asked.models / SUBJECT), asked.reviews, asked.seeds)
    if asked.out is not None:
        write_figures(asked.out, f"{SUBJECT}-forms", found, as_markdown(found))
    print_json(found)


if __name__ == "__main__":
    main()
