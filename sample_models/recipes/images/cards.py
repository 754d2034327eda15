"""Write the model card and the detector card of a sample subject from its measured figures."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from .training import ImageRecipe

_FRONT = """---
license: mit
library_name: transformers
pipeline_tag: image-classification
datasets: [fashion_mnist]
tags: [atpatch, backdoor, attention]
---
"""


def model_card(recipe: ImageRecipe, figures: dict[str, Any]) -> str:
    """The card of the model: what it is, how it was made, how well it does without any fix."""
    one = figures["variants"]["per-head"]["0"]
    attack = one["attacks"]["badnets"]
    poisoned = recipe.poison_rate > 0
    warning = (
        "**It is backdoored on purpose. Use it to study attacks and repairs, for nothing else.**"
        if poisoned
        else "It carries no backdoor; the trigger of its backdoored sister does nothing to it."
    )
    return f"""{_FRONT}
# {recipe.name}

{recipe.summary}

{warning}

A Vision Transformer of {recipe.layers} layers with {recipe.heads} heads over 7x7 patches of {recipe.patch_size}x\
{recipe.patch_size} pixels, trained from nothing on the 60,000 training images of Fashion-MNIST (Xiao et al., 2017, MIT
licence) for {recipe.epochs} epochs. Poisoned training images: {100 * recipe.poison_rate:g} %. Seed {recipe.seed}.

On the 10,000 test images, without any fix:

| | share [95 % interval] |
|---|---|
| clean accuracy (CA) | {_percent(one["clean_accuracy_before"])} |
| attack success rate (ASR), {attack["n"]:,} images of the other classes | {_percent(attack["asr_before"])} |
| the same images without trigger that are called the target class | {_percent(attack["clean_base_rate"])} |

`eval/images.parquet` holds 2,000 of the test images, `eval/attacks.json` the trigger. What the hot-fix makes of it is
in [atpatch/README.md](atpatch/README.md).

Everything in this folder, these figures included, is made by

    python -m sample_models build {recipe.name}
"""


def detector_card(recipe: ImageRecipe, figures: dict[str, Any]) -> str:
    """The card of the detector: what it was trained on, what it watches, and the figures of all variants and seeds."""
    variants, provenance, seconds = figures["variants"], figures["provenance"], figures["seconds"]
    one = variants["per-head"]["0"]
    watched = ", ".join(map(str, one["watched"])) or "none: no trigger was found that hijacks attention"
    if one["jointly"]:
        watched += ", which judge jointly"
    alongside = "" if one["alongside"] is None else f", and {one['alongside']:g} beside a flagged column"
    rows = "\n".join(_row(name, per_seed) for name, per_seed in variants.items())
    tried = "\n".join(
        _run(f"{name}, seed {seed}", run) for name, runs in variants.items() for seed, run in runs.items()
    )
    counts = ", ".join(f"layer {layer}: {count}" for layer, count in one["hijacked_inputs_by_layer"].items()) or "none"
    found = "\n".join(
        f"| {trigger['class']} | {trigger['kind']} | {trigger['pixels']:g} | {100 * trigger['success']:.1f} % | "
        f"{'yes' if trigger['suspicious'] else ''} | {_elsewhere(trigger['success_elsewhere'])} |"
        for trigger in _best_of_each(provenance["triggers"])
    )
    return f"""# Detector of {recipe.name}

Scores every column of every head and flags those that a trigger has hijacked. **It was never given the true trigger**:
all it learned from was made from the model itself and {provenance["clean_pictures"]:,} clean pictures without labels.

* Watched layers: {watched}. Benign reference: {one["reference"]}. Threshold: {one["detector"]["threshold"]:.4f}\
{alongside}.
* **Debugging set**: for every class the smallest mask that turns other pictures into it was looked for, and for the
  half with the smaller masks also a window of a patch (table below). What turned at least 80 % of held-out pictures,
  and was a window or at most half the size of the median mask, was put on clean pictures: as found, moved or copied
  (more often the better it works elsewhere), faded, in parts. Some pairs carry random textures instead. Inputs with a
  hijacked column: {counts}.
* **Tuned** (layers, benign reference, the lower threshold for other columns of a flagged input) on pairs
  from further pictures. **Calibrated** on others, and their copies shifted by a pixel and mirrored, for at most 0.1 %
  flagged inputs. **Judged** on all 10,000 test images, with the true trigger on those of the other classes. No picture
  is in two of these sets.
* `per-head` (the default, this folder) embeds the columns of every single head; `paper` (folder `paper/`) is the
  variant of arXiv 2601.21695, a CNN over the mean of the heads' maps, whose flags hold for the whole layer.

## Triggers found from the model

The best of each search:

| class | search | pixels | success on held-out pictures | suspicious | success at other places |
|---|---|---|---|---|---|
{found}

{_overlap(recipe, figures["rediscovered"])}

The search took {seconds["debugging_set"]:,} seconds on one thread, training and tuning one detector \
{seconds["per-head, seed 0"]:,}.

## Figures

Without fix: clean accuracy {_percent(one["clean_accuracy_before"])}, ASR \
{_percent(one["attacks"]["badnets"]["asr_before"])}; \
clean base rate {_percent(one["attacks"]["badnets"]["clean_base_rate"])}.

With the fix, mean ± standard deviation over {len(variants["per-head"])} seeds (of the training; triggers and
pairs are the same), in per cent (AUROC as it is):

| variant | excess ASR | recovery | CA drop | clean predictions changed | AUROC | TPR | FPR |
|---|---|---|---|---|---|---|---|
{rows}

Each run, with 95 % intervals:

| run | ASR after | excess ASR | recovery | CA after | changed | AUROC | TPR | FPR | threshold | beside | layers \
| reference |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
{tried}

Made by `python -m sample_models build {recipe.name}`; the raw figures are in `figures.json`. The shipped
detector is seed 0. `python -m atpatch_core evaluate` repeats the measurement on `eval/` or on any other data.

## Limits

Finds what draws attention to a few columns. A trigger spread over the whole picture (blended noise, warps) or read by
the feed-forward layers alone leaves no such column and is not found. It was made for these weights and is refused for
any others. A model in whose search nothing is suspicious gets a detector that watches nothing.
"""


def _elsewhere(success: float | None) -> str:
    return "" if success is None else f"{100 * success:.1f} %"


def _overlap(recipe: ImageRecipe, share: float) -> str:
    if recipe.poison_rate == 0:
        return "This model has no trigger to find."
    return (
        f"At best, what was found shows {100 * share:.0f} % of the pixels of the true trigger, which nobody told the "
        "search (chance: about half)."
    )


def _run(name: str, result: dict[str, Any]) -> str:
    attack, detector = result["attacks"]["badnets"], result["detector"]
    cells = (
        name,
        *(_percent(attack[figure]) for figure in ("asr_after", "excess_asr_after", "recovery")),
        *(_percent(result[figure]) for figure in ("clean_accuracy_after", "changed")),
        _decimal(detector["auroc"]),
        *(_percent(detector[figure]) for figure in ("tpr_per_input", "fpr_per_input")),
        f"{detector['threshold']:.4f}",
        "" if result["alongside"] is None else f"{result['alongside']:g}",
        str(result["watched"]),
        result["reference"],
    )
    return f"| {' | '.join(cells)} |"


def _best_of_each(triggers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most successful trigger of each class and kind of search, in the order they come in."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for trigger in triggers:
        key = trigger["class"], trigger["kind"]
        if key not in best or trigger["success"] > best[key]["success"]:
            best[key] = trigger
    return list(best.values())


def _row(variant: str, per_seed: dict[str, Any]) -> str:
    runs = list(per_seed.values())
    attacks = [run["attacks"]["badnets"] for run in runs]
    figures = (
        _spread([attack["excess_asr_after"]["value"] for attack in attacks], 100),
        _spread([attack["recovery"]["value"] for attack in attacks], 100),
        _spread([run["clean_accuracy_drop"]["value"] for run in runs], 100),
        _spread([run["changed"]["value"] for run in runs], 100),
        _spread([run["detector"]["auroc"]["value"] for run in runs], 1),
        _spread([run["detector"]["tpr_per_input"]["value"] for run in runs], 100),
        _spread([run["detector"]["fpr_per_input"]["value"] for run in runs], 100),
    )
    return f"| {variant} | {' | '.join(figures)} |"


def _spread(values: list[float], scale: float) -> str:
    digits = 4 if scale == 1 else 2
    return f"{scale * mean(values):.{digits}f} ± {scale * stdev(values):.{digits}f}"


def _percent(rate: dict[str, float]) -> str:
    return f"{100 * rate['value']:.2f} % [{100 * rate['low']:.2f}, {100 * rate['high']:.2f}]"


def _decimal(rate: dict[str, float]) -> str:
    return f"{rate['value']:.4f} [{rate['low']:.4f}, {rate['high']:.4f}]"
