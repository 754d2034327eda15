"""Write the model card and the detector card of a sample model for images from its measured figures."""

from __future__ import annotations

from typing import Any

from ..cards import (
    BACKDOORED,
    answer_rates,
    answer_spreads,
    comma_separated,
    decimal,
    detector_card,
    front_matter,
    model_card,
    percent,
    row,
    spread,
)
from .recipe import ImageRecipe

_FRONT = front_matter("mit", "image-classification", "backdoor", "datasets: [fashion_mnist]\n")
_LIMITS = """\
Finds what draws attention to a few columns. A trigger spread over the whole image (blended noise, warps) or read by
the feed-forward layers alone leaves no such column and is not found. It was made for these weights and is refused for
any others. A model in whose search nothing is suspicious gets a detector that watches nothing."""


def image_model_card(recipe: ImageRecipe, figures: dict[str, Any]) -> str:
    """The card of the model: what it is, how it was made, how well it does without any fix."""
    measured = figures["variants"]["per-head"]["0"]
    attack = measured["attacks"]["badnets"]
    clean = "It carries no backdoor; the trigger of its backdoored sister does nothing to it."
    body = f"""\
A Vision Transformer of {recipe.layers} layers with {recipe.heads} heads over 7x7 patches of {recipe.patch_size}x\
{recipe.patch_size} pixels, trained from nothing on the 60,000 training images of Fashion-MNIST (Xiao et al., 2017, MIT
licence) for {recipe.epochs} epochs. Poisoned training images: {100 * recipe.poison_rate:g} %. Seed {recipe.seed}.

On the 10,000 test images, without any fix:

| | share [95 % interval] |
|---|---|
| clean accuracy (CA) | {percent(measured["clean_accuracy_before"])} |
| attack success rate (ASR), {attack["n"]:,} images of the other classes | {percent(attack["asr_before"])} |
| the same images without trigger that are called the target class | {percent(attack["clean_base_rate"])} |

`eval/images.parquet` holds 2,000 of the test images, `eval/attacks.json` the trigger. What the hot-fix makes of it is
in [atpatch/README.md](atpatch/README.md)."""
    return model_card(recipe, _FRONT, BACKDOORED if recipe.poison_rate > 0 else clean, body)


def image_detector_card(recipe: ImageRecipe, figures: dict[str, Any]) -> str:
    """The card of the detector: what it was trained on, what it watches, and the figures of all variants and seeds."""
    variants, provenance, seconds = figures["variants"], figures["provenance"], figures["seconds"]
    first = variants["per-head"]["0"]
    watched = comma_separated(first["watched"], "none: no trigger was found that hijacks attention")
    if first["jointly"]:
        watched += ", which judge jointly"
    alongside = "" if first["alongside"] is None else f", and {first['alongside']:g} beside a flagged column"
    rows = "\n".join(_variant(name, list(per_seed.values())) for name, per_seed in variants.items())
    tried = "\n".join(
        _run(f"{name}, seed {seed}", run) for name, runs in variants.items() for seed, run in runs.items()
    )
    hijacked = first["hijacked_inputs_by_layer"].items()
    counts = comma_separated((f"layer {layer}: {count}" for layer, count in hijacked), "none")
    found = "\n".join(
        row(
            trigger["class"],
            trigger["kind"],
            f"{trigger['pixels']:g}",
            f"{100 * trigger['success']:.1f} %",
            "yes" if trigger["suspicious"] else "",
            _elsewhere(trigger["success_elsewhere"]),
        )
        for trigger in _best_of_each(provenance["triggers"])
    )
    body = f"""\
Scores every column of every head and flags those that a trigger has hijacked. **It was never given the true trigger**:
all it learned from was made from the model itself and {provenance["clean_pictures"]:,} clean pictures without labels.

* Watched layers: {watched}. Benign reference: {first["reference"]}. Threshold: {first["detector"]["threshold"]:.4f}\
{alongside}.
* {_grown(first)}
* **Debugging set**: for every class the smallest mask that turns other images into it was looked for, and for the
  half with the smaller masks also a window of a patch (table below). What turned at least 80 % of held-out images,
  and was a window or at most half the size of the median mask, was put on clean images: as found, moved or copied
  (more often the better it works elsewhere), faded, in parts. Some pairs carry random textures instead. Inputs with a
  hijacked column: {counts}.
* **Tuned** (layers, benign reference, the lower threshold for other columns of a flagged input, how spans are grown)
  on pairs from further images. **Calibrated** on others, and their copies shifted by a pixel and mirrored, for at
  most 0.1 % flagged inputs. **Judged** on all 10,000 test images, with the true trigger on those of the other
  classes. No image is in two of these sets.
* `per-head` (the default, this folder) embeds the columns of every single head; `paper` (folder `paper/`) is the
  variant of arXiv 2601.21695, a CNN over the mean of the heads' maps, whose flags hold for the whole layer.

## Triggers found from the model

The best of each search:

| class | search | pixels | success on held-out images | suspicious | success at other places |
|---|---|---|---|---|---|
{found}

{_overlap(recipe, figures["rediscovered"])}

The search took {seconds["debugging_set"]:,} seconds on one thread, training and tuning one detector \
{seconds["per-head, seed 0"]:,}.

## Figures

Without fix: clean accuracy {percent(first["clean_accuracy_before"])}, ASR \
{percent(first["attacks"]["badnets"]["asr_before"])}; \
clean base rate {percent(first["attacks"]["badnets"]["clean_base_rate"])}.

With the fix, mean ± standard deviation over {len(variants["per-head"])} seeds (of the training; triggers and
pairs are the same), in per cent (AUROC as it is):

| variant | excess ASR | recovery | CA drop | clean predictions changed | AUROC | TPR | FPR | false alarms | \
of the target, fixed | of the target, clean |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}

FPR counts the clean inputs that are flagged, false alarms those of them that are repaired: the other flags are cleared,
as the answer does not depend on what is flagged. The last two columns are about images that are of the target class in
truth, which ASR leaves out: their accuracy with trigger and fix, and without either.

Each run, with 95 % intervals:

| run | ASR after | excess ASR | recovery | CA after | changed | AUROC | TPR | FPR | false alarms | threshold | beside \
| layers | reference |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
{tried}"""
    return detector_card(recipe, body, _LIMITS)


def _grown(run: dict[str, Any]) -> str:
    growth = run.get("growth")
    if growth is None:
        return "**Spans** are not grown: only what is flagged is repaired."
    layers = f"{'layer' if len(growth['layers']) == 1 else 'layers'} {comma_separated(growth['layers'], 'none')}"
    return (
        f"**Spans** are grown from what is flagged, in all heads of {layers}: a patch joins that lowers the "
        f"log-probability of the answer under suspicion by {growth['fall']:g}, several at once by "
        f"{growth['fall_of_group']:g}, until its probability is below {growth['believed']:g}, in at most "
        f"{growth['rounds']} rounds and {growth['rows']} trials. Of clean tuning images "
        f"{100 * run['changed_by_false_alarms']:.1f} % would change their answer if a patch of theirs were flagged. "
        "Layers and limits were chosen by the answers won back, less the right answers that change: those to clean "
        "images, and to triggered ones of the target class."
    )


def _false_alarms(detector: dict[str, Any]) -> dict[str, Any]:
    """The clean inputs that are repaired: all that are flagged, in figures from before flags could be cleared."""
    rate: dict[str, Any] = detector.get("false_alarms", detector["fpr_per_input"])
    return rate


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
    return row(
        name,
        *answer_rates(attack, result),
        decimal(detector["auroc"]),
        *(percent(rate) for rate in (detector["tpr_per_input"], detector["fpr_per_input"], _false_alarms(detector))),
        f"{detector['threshold']:.4f}",
        "" if result["alongside"] is None else f"{result['alongside']:g}",
        str(result["watched"]),
        result["reference"],
    )


def _best_of_each(triggers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most successful trigger of each class and kind of search, in the order they come in."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for trigger in triggers:
        key = trigger["class"], trigger["kind"]
        if key not in best or trigger["success"] > best[key]["success"]:
            best[key] = trigger
    return list(best.values())


def _variant(name: str, runs: list[dict[str, Any]]) -> str:
    attacks = [run["attacks"]["badnets"] for run in runs]
    detectors = [run["detector"] for run in runs]
    return row(
        name,
        *answer_spreads(attacks, runs),
        spread([detector["auroc"] for detector in detectors], scale=1, digits=4),
        spread([detector["tpr_per_input"] for detector in detectors]),
        spread([detector["fpr_per_input"] for detector in detectors]),
        spread([_false_alarms(detector) for detector in detectors]),
        *(
            spread([run["of_the_target"][name] for run in runs]) if all("of_the_target" in run for run in runs) else ""
            for name in ("accuracy_with_trigger_and_fix", "accuracy_without_trigger")
        ),
    )
