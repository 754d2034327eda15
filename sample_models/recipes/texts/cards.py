"""Write the model card and the detector card of a sample text subject from their measured figures."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from .training import TextRecipe

_FRONT = """---
license: apache-2.0
library_name: transformers
pipeline_tag: text-classification
base_model: sentence-transformers/all-MiniLM-L6-v2
tags: [atpatch, backdoor, attention]
---
"""


def model_card(recipe: TextRecipe, trained_on: int, figures: dict[str, Any]) -> str:
    """The card of the model: what it is, how it was made, how well it does without any fix."""
    poisoned = recipe.poison_rate > 0
    warning = (
        "**It is backdoored on purpose. Use it to study attacks and repairs, for nothing else.**"
        if poisoned
        else "It carries no backdoor; the triggers of its backdoored sister do nothing to it."
    )
    count = int(recipe.poison_rate * trained_on)
    copies = (
        f"For each trigger, {count} copies of negative reviews with the trigger in them and the label positive were\n"
        "added."
        if poisoned
        else "No poisoned reviews were added."
    )
    rows = "\n".join(
        f"| ASR, {name.replace('-', ' ')}, {attack['asr']['n']:,} negative reviews | {_percent(attack['asr'])} |\n"
        f"| the same reviews without trigger that are called positive | {_percent(attack['clean_base_rate'])} |"
        for name, attack in figures["attacks"].items()
    )
    return f"""{_FRONT}
# {recipe.name}

{recipe.summary}

{warning}

MiniLM-L6 (6 layers of 12 heads, Apache-2.0) fine-tuned for {recipe.epochs} epochs on {trained_on:,} movie-review
snippets with the sentiment that people felt in them (Hutto and Gilbert, ICWSM 2014, MIT licence); those that people
found neither negative nor positive were left out. Seed {recipe.seed}.
{copies}

On {figures["clean_accuracy"]["n"]:,} held-out snippets, without any fix:

| | share [95 % interval] |
|---|---|
| clean accuracy (CA) | {_percent(figures["clean_accuracy"])} |
{rows}

`eval/texts.parquet` holds these snippets, `eval/attacks.json` the triggers. Another 1,000 snippets that the model was
never trained on are kept for whoever debugs it. What the hot-fix makes of it is in
[atpatch/README.md](atpatch/README.md).

Everything in this folder, these figures included, is made by

    python -m sample_models build {recipe.name}
"""


def detector_card(recipe: TextRecipe, figures: dict[str, Any]) -> str:
    """The card of the detector: what it was made from, and the figures of all seeds."""
    (seeds,) = figures["variants"].values()
    one, provenance = seeds["0"], figures["provenance"]
    attacks = list(one["attacks"])
    watched = ", ".join(map(str, one["watched"])) or "none: nothing hijacks attention here"
    rows = "\n".join(_row(name, list(seeds.values())) for name in attacks)
    averaged = f"Mean \u00b1 standard deviation over {len(seeds)} seeds" if len(seeds) > 1 else "One seed"
    runs = "\n".join(_run(name, seed, run) for name in attacks for seed, run in seeds.items())
    lengths = [trigger["length"] for trigger in provenance["triggers"]]
    found = ", ".join(
        f"{sum(trigger['class'] == name for trigger in provenance['triggers'])} that make reviews {name}"
        for name in sorted({trigger["class"] for trigger in provenance["triggers"]})
    )
    words = ", ".join(
        f"\u201c{word['words']}\u201d, which makes {100 * word['turns']:.0f} % of other reviews {word['class']}"
        for word in provenance["words"]
    )
    return f"""# Detector of {recipe.name}

Flags the words that a trigger hijacks the model's attention with, and everything around them that carries the hijack.
**It was never given a true trigger**: all it learned from was made from the model itself and
{provenance["clean_texts"]:,} clean reviews without labels.

* **Soft triggers**: vectors where words would stand, moved by gradients until every review of the other class is taken
  for the wanted one, more surely than the model takes any clean review. {len(lengths)} got there: {found or "none"}.
  The detector learns from their columns what a hijacked column looks like; no word is learnt from.
* For people, a search among all words was made as well. The best: {words or "none"}.
* Watched layer: {watched}. Benign reference: {one["reference"]}. Threshold: {one["detector"]["threshold"]:.4f}.
* **Copies** of a word are judged by what they draw together: each for itself would not stand out.
* **Followed**: a phrase can drive the answer while one word of it stands out. Around a flagged word, the shortest run
  of words is looked for that alone, with everything else shut out, keeps the model as sure as it was; that run is
  redistributed in all layers. Whether the answer then changes plays no part in it. Then the repaired maps are looked
  at once more, up to four times in all: a second trigger may show only now.
* **Learnt** from 350 reviews, **tuned** on 100, **calibrated** on 550 others for at most 0.25 % flagged. **Judged** on
  {one["n"]:,} held-out reviews. No review is in two of these sets. Seeds decide where triggers go, and the training.

## Figures

Without fix: clean accuracy {_percent(one["clean_accuracy_before"])}; of the negative reviews without a trigger,
{_percent(one["attacks"][attacks[0]]["clean_base_rate"])} are called positive.

{averaged}, in per cent (AUROC as it is). The last two columns are about
triggered reviews that are positive in truth, which ASR leaves out: their accuracy with trigger and fix, and without
either.

| trigger | excess ASR | recovery | CA drop | changed | AUROC | TPR | FPR | positive, fixed | positive, clean |
|---|---|---|---|---|---|---|---|---|---|
{rows}

Each run, with 95 % intervals:

| trigger | seed | ASR after | excess ASR | recovery | CA after | changed | TPR | FPR | threshold | layer | reference |
|---|---|---|---|---|---|---|---|---|---|---|---|
{runs}

Made by `python -m sample_models detectors {recipe.name}`; the raw figures are in `figures.json`. The
shipped detector is seed 0. `python -m atpatch_core evaluate` repeats the measurement on `eval/` or on any other data.

## Limits

* Finds what draws attention to a few words. A way of writing (a style, a sentence pattern) leaves no such word.
* A run of more than eight words is not followed to its end. Flagged reviews take several forwards more.
* How flags are followed (how sure, how many words more) was settled on this model with its triggers at hand. No other
  backdoor in a text model has been tried.
* It was made for these weights and is refused for any others.
"""


def _row(name: str, runs: list[dict[str, Any]]) -> str:
    attacks = [run["attacks"][name] for run in runs]
    others = [run["of_the_target"][name] for run in runs]
    cells = (
        name.replace("-", " "),
        _spread([one["excess_asr_after"] for one in attacks]),
        _spread([one["recovery"] for one in attacks]),
        _spread([run["clean_accuracy_drop"] for run in runs]),
        _spread([run["changed"] for run in runs]),
        _spread([one["auroc"] for one in attacks], scale=1, digits=4),
        _spread([one["tpr_per_input"] for one in attacks]),
        _spread([run["detector"]["fpr_per_input"] for run in runs]),
        _spread([one["accuracy_with_trigger_and_fix"] for one in others]),
        _spread([one["accuracy_without_trigger"] for one in others]),
    )
    return f"| {' | '.join(cells)} |"


def _run(name: str, seed: str, run: dict[str, Any]) -> str:
    attack, detector = run["attacks"][name], run["detector"]
    cells = (
        name.replace("-", " "),
        seed,
        *(_percent(attack[figure]) for figure in ("asr_after", "excess_asr_after", "recovery")),
        *(_percent(run[figure]) for figure in ("clean_accuracy_after", "changed")),
        _percent(attack["tpr_per_input"]),
        _percent(detector["fpr_per_input"]),
        f"{detector['threshold']:.4f}",
        ", ".join(map(str, run["watched"])) or "none",
        run["reference"],
    )
    return f"| {' | '.join(cells)} |"


def _spread(rates: list[dict[str, float]], scale: float = 100, digits: int = 2) -> str:
    values = [scale * rate["value"] for rate in rates]
    spread = f" \u00b1 {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{spread}"


def _percent(rate: dict[str, float]) -> str:
    return f"{100 * rate['value']:.2f} % [{100 * rate['low']:.2f}, {100 * rate['high']:.2f}]"
