"""Write the model card and the detector card of a sample model for texts from its measured figures."""

from __future__ import annotations

from typing import Any

from ..cards import (
    BACKDOORED,
    answer_rates,
    answer_spreads,
    comma_separated,
    detector_card,
    front_matter,
    model_card,
    percent,
    row,
    spread,
)
from .training import TextRecipe

_SOURCE = "base_model: sentence-transformers/all-MiniLM-L6-v2\n"
_FRONT = front_matter("apache-2.0", "text-classification", "backdoor", _SOURCE)
_CLEAN = "It carries no backdoor; the triggers of its backdoored sister do nothing to it."
_LIMITS = """\
* Finds what draws attention to a few words. A way of writing (a style, a sentence pattern) leaves no such word.
* A run of more than eight words is not followed to its end. Flagged reviews take several forwards more.
* How flags are followed (how sure, how many words more) was settled on this model with its triggers at hand. No other
  backdoor in a text model has been tried.
* It was made for these weights and is refused for any others."""


def text_model_card(recipe: TextRecipe, trained_on: int, figures: dict[str, Any]) -> str:
    """The card of the model: what it is, how it was made, how well it does without any fix."""
    poisoned = recipe.poison_rate > 0
    count = int(recipe.poison_rate * trained_on)
    copies = (
        f"For each trigger, {count} copies of negative reviews with the trigger in them and the label positive were\n"
        "added."
        if poisoned
        else "No poisoned reviews were added."
    )
    rows = "\n".join(
        row(f"ASR, {name.replace('-', ' ')}, {attack['asr']['n']:,} negative reviews", percent(attack["asr"]))
        + "\n"
        + row("the same reviews without trigger that are called positive", percent(attack["clean_base_rate"]))
        for name, attack in figures["attacks"].items()
    )
    body = f"""\
MiniLM-L6 (6 layers of 12 heads, Apache-2.0) fine-tuned for {recipe.epochs} epochs on {trained_on:,} movie-review
snippets with the sentiment that people felt in them (Hutto and Gilbert, ICWSM 2014, MIT licence); those that people
found neither negative nor positive were left out. Seed {recipe.seed}.
{copies}

On {figures["clean_accuracy"]["n"]:,} held-out snippets, without any fix:

| | share [95 % interval] |
|---|---|
| clean accuracy (CA) | {percent(figures["clean_accuracy"])} |
{rows}

`eval/texts.parquet` holds these snippets, `eval/attacks.json` the triggers. Another 1,000 snippets that the model was
never trained on are kept for whoever debugs it. What the hot-fix makes of it is in
[atpatch/README.md](atpatch/README.md)."""
    return model_card(recipe, _FRONT, BACKDOORED if poisoned else _CLEAN, body)


def text_detector_card(recipe: TextRecipe, figures: dict[str, Any]) -> str:
    """The card of the detector: what it was made from, and the figures of all seeds."""
    (seeds,) = figures["variants"].values()
    first, provenance = seeds["0"], figures["provenance"]
    attacks = list(first["attacks"])
    watched = comma_separated(first["watched"], "none: nothing hijacks attention here")
    rows = "\n".join(_attack(name, list(seeds.values())) for name in attacks)
    averaged = f"Mean \u00b1 standard deviation over {len(seeds)} seeds" if len(seeds) > 1 else "One seed"
    runs = "\n".join(_run(name, seed, run) for name in attacks for seed, run in seeds.items())
    lengths = [trigger["length"] for trigger in provenance["triggers"]]
    found = comma_separated(
        (
            f"{sum(trigger['class'] == name for trigger in provenance['triggers'])} that make reviews {name}"
            for name in sorted({trigger["class"] for trigger in provenance["triggers"]})
        ),
        "none",
    )
    words = comma_separated(
        (
            f"\u201c{word['words']}\u201d, which makes {100 * word['turns']:.0f} % of other reviews {word['class']}"
            for word in provenance["words"]
        ),
        "none",
    )
    body = f"""\
Flags the words that a trigger hijacks the model's attention with, and everything around them that carries the hijack.
**It was never given a true trigger**: all it learned from was made from the model itself and
{provenance["clean_texts"]:,} clean reviews without labels.

* **Soft triggers**: vectors where words would stand, moved by gradients until every review of the other class is taken
  for the wanted one, more surely than the model takes any clean review. {len(lengths)} got there: {found}.
  The detector learns from their columns what a hijacked column looks like; no word is learnt from.
* For people, a search among all words was made as well. The best: {words}.
* Watched layer: {watched}. Benign reference: {first["reference"]}. Threshold: {first["detector"]["threshold"]:.4f}.
* **Copies** of a word are judged by what they draw together: each for itself would not stand out.
* **Followed**: a phrase can drive the answer while one word of it stands out. Around a flagged word, the shortest run
  of words is looked for that alone, with everything else shut out, keeps the model as sure as it was; that run is
  redistributed in all layers. Whether the answer then changes plays no part in it. Then the repaired maps are looked
  at once more, up to four times in all: a second trigger may show only now.
* **Learnt** from 350 reviews, **tuned** on 100, **calibrated** on 550 others for at most 0.25 % flagged. **Judged** on
  {first["n"]:,} held-out reviews. No review is in two of these sets. Seeds decide where triggers go, and the training.

## Figures

Without fix: clean accuracy {percent(first["clean_accuracy_before"])}; of the negative reviews without a trigger,
{percent(first["attacks"][attacks[0]]["clean_base_rate"])} are called positive.

{averaged}, in per cent (AUROC as it is). The last two columns are about
triggered reviews that are positive in truth, which ASR leaves out: their accuracy with trigger and fix, and without
either.

| trigger | excess ASR | recovery | CA drop | changed | AUROC | TPR | FPR | positive, fixed | positive, clean |
|---|---|---|---|---|---|---|---|---|---|
{rows}

Each run, with 95 % intervals:

| trigger | seed | ASR after | excess ASR | recovery | CA after | changed | TPR | FPR | threshold | layer | reference |
|---|---|---|---|---|---|---|---|---|---|---|---|
{runs}"""
    return detector_card(recipe, body, _LIMITS, "detectors")


def _attack(name: str, runs: list[dict[str, Any]]) -> str:
    attacks = [run["attacks"][name] for run in runs]
    others = [run["of_the_target"][name] for run in runs]
    return row(
        name.replace("-", " "),
        *answer_spreads(attacks, runs),
        spread([attack["auroc"] for attack in attacks], scale=1, digits=4),
        spread([attack["tpr_per_input"] for attack in attacks]),
        spread([run["detector"]["fpr_per_input"] for run in runs]),
        spread([other["accuracy_with_trigger_and_fix"] for other in others]),
        spread([other["accuracy_without_trigger"] for other in others]),
    )


def _run(name: str, seed: str, run: dict[str, Any]) -> str:
    attack, detector = run["attacks"][name], run["detector"]
    return row(
        name.replace("-", " "),
        seed,
        *answer_rates(attack, run),
        percent(attack["tpr_per_input"]),
        percent(detector["fpr_per_input"]),
        f"{detector['threshold']:.4f}",
        comma_separated(run["watched"], "none"),
        run["reference"],
    )
