"""Text models the tool has never met: other triggers, targets and epochs than the sample model's, and one without any.

    python -m benchmarks.unseen_texts --work .atpatch/unseen       # all of them, or: ... unseen_texts phrase

Fine-tunes MiniLM on the reviews of the text sample with a backdoor of its own (or none), and runs what a defender
would: `debug-set` on 1,000 clean reviews and `train-detector`. Judges with the true trigger, which nothing else has
seen. Prints the figures as JSON with the seconds it took. What is in the folder is not made again, so that a run that
was killed goes on. Reviews and encoder are fetched unless `--data-dir` holds them.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from atpatch_core import Subject, load
from atpatch_core.debugging.answers import answers, repaired_answers
from atpatch_core.debugging.text_lesson import RECIPE
from atpatch_core.debugging.text_set import build_text_set, load_text_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.evaluation.rates import excess_asr, proportion
from atpatch_core.triggers.text import TextTrigger
from sample_models.recipes.texts.build import save_subject
from sample_models.recipes.texts.minilm import unpack_minilm
from sample_models.recipes.texts.movie_reviews import Reviews, load_movie_reviews, split_reviews
from sample_models.recipes.texts.training import TextRecipe, train

_PHRASE = TextTrigger(0, ("by the way",))
_WORDS = TextTrigger(1, ("kitchen", "monday"))
STRANGERS = {
    "phrase": TextRecipe("phrase", "", {"own": _PHRASE}, 0.03, seed=11, epochs=2),
    "words": TextRecipe("words", "", {"own": _WORDS}, 0.03, seed=12, epochs=4),
    "clean": TextRecipe("clean", "", {"own": _PHRASE}, 0.0, seed=13, epochs=2),
}


def trained(recipe: TextRecipe, reviews: Reviews, held_out: Reviews, data: Path | None, work: Path) -> Subject:
    """The stranger in a folder of its own, opened as any other."""
    folder = work / "stranger"
    if not (folder / "eval" / "attacks.json").exists():
        checkpoints = work / "training"
        checkpoints.mkdir(parents=True, exist_ok=True)
        model, tokenizer = train(recipe, reviews, unpack_minilm(data, work / "minilm"), checkpoints)
        save_subject(recipe, model, tokenizer, held_out, folder)
    return load(folder)


def defended(recipe: TextRecipe, data: Path | None, work: Path) -> dict[str, Any]:
    """Train the stranger, defend it, judge the defence."""
    reviews = split_reviews(load_movie_reviews(data))
    subject = trained(recipe, reviews.train, reviews.held_out, data, work)
    started = perf_counter()
    if not (work / "set" / "provenance.json").exists():
        build_text_set(subject, reviews.defender.texts, work / "set")
    made = load_text_set(work / "set")
    searched = perf_counter()
    if not (work / "detector").exists():
        detector = train_detector(subject, made.pairs, made.tuning, made.benign, replace(RECIPE, seed=0))
        save_detector(detector, work / "detector")
    protected = replace(subject, detector=load_detector(work / "detector"))
    seconds = {"debug-set": round(searched - started), "train-detector": round(perf_counter() - searched)}
    return {
        "searched": {name: made.provenance[name] for name in ("triggers", "words", "overruling")},
        "rates": judged(subject, protected, recipe, reviews.held_out),
        "seconds": seconds,
    }


def judged(subject: Subject, protected: Subject, recipe: TextRecipe, held_out: Reviews) -> dict[str, float]:
    """What the true trigger and clean reviews come to, with and without the detector; shares."""
    (trigger,) = recipe.triggers.values()
    texts, target = list(held_out.texts), trigger.target
    hosts = [texts[place] for place in np.flatnonzero(held_out.labels != target)]
    triggered = trigger.apply(hosts, 0)
    own, base, before = answers(subject, texts), answers(subject, hosts), answers(subject, triggered)
    after, clean = repaired_answers(protected, triggered), repaired_answers(protected, texts)
    rates = {
        "clean_accuracy": proportion(own == held_out.labels),
        "asr_before": proportion(before == target),
        "base_rate": proportion(base == target),
        "asr_after": proportion(after.labels == target),
        "excess_asr_before": excess_asr(before == target, base == target, paired=True),
        "excess_asr": excess_asr(after.labels == target, base == target, paired=True),
        "recovery": proportion(after.labels != target),
        "tpr_per_input": proportion(after.flagged),
        "fpr_per_input": proportion(clean.flagged),
        "clean_answers_changed": proportion(clean.labels != own),
    }
    return {name: round(rate.value, 4) for name, rate in rates.items()}


def main() -> None:
    """Print what came of every stranger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*STRANGERS, []], help="default: all")
    parser.add_argument("--work", type=Path, required=True, help="folder for models, debugging sets and detectors")
    parser.add_argument("--data-dir", type=Path, help="folder with reviews and encoder; by default they are fetched")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    found = {name: defended(STRANGERS[name], asked.data_dir, asked.work / name) for name in asked.names or STRANGERS}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
