"""Measure every defence on the sample subjects for images, and write what docs/results.md says of it: `make results`.

Each subject is judged on Fashion-MNIST's test images, with its own trigger and, if asked for, with variations of it.
The defender has the same 1,000 clean training images that its detector was made from. All figures go to
`docs/results/SUBJECT.json`, a table of each attack to `docs/results/SUBJECT.md`, and short tables between two marks in
`docs/results.md`. Each subject is a section that can be measured again on its own, by its name: what the page says of
the others stays. Subjects with a backdoor are also ablated, which takes a detector without the contrastive loss,
trained here, and can be left out or done alone (`--part`). Models that AtPatch is expected to fail on are judged too,
if they were built.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from atpatch_core import Subject, load
from atpatch_core.cli.output import print_json, progress_bars
from atpatch_core.debugging.image_lesson import RECIPE
from atpatch_core.debugging.image_set import build_image_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.storage import save_detector
from atpatch_core.evaluation.ablations import TRAINED, ablations
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.choosing import chosen
from atpatch_core.evaluation.comparison import Comparison, compare
from atpatch_core.evaluation.comparison_report import (
    Row,
    comparison_as_json,
    comparison_as_markdown,
    rows,
    sentence,
)
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.defences.catalogue import IMAGE_DEFENCES, Method
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.evaluation.image_attacks import with_variations
from atpatch_core.subjects.image_files import from_array
from sample_models.recipes.catalogue import RECIPES
from sample_models.recipes.images.expected_failures import EXPECTED_FAILURES
from sample_models.recipes.images.fashion_mnist import ImageSet, load_fashion_mnist
from sample_models.recipes.images.poisoning import poisoned_indices
from sample_models.recipes.images.recipe import ImageRecipe

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results.md"
BEGIN, END = "<!-- comparison: make results -->", "<!-- end of comparison -->"
AFTER = "<!-- end of results -->"
ON_PAGE = {
    "excess_asr": "excess ASR",
    "clean_accuracy_drop": "CA drop",
    "harm": "sum of both",
    "recovery": "recovery",
    "fpr_per_input": "FPR",
    "tpr_per_input": "TPR",
    "cost": "time",
}
BACKDOORED = ("fashion-vit-badnets", "fashion-vit-badnets-anywhere")
DEFENDER_IMAGES = 1_000
_ABLATIONS = "-ablations"
_OTHERS = "### Other models"
_PARTS = ("comparison", "ablations")


def defender_data(name: str, train_set: ImageSet) -> LabelledImages:
    """The clean training images that the detector of a sample was made from, with their labels."""
    recipe = RECIPES.get(name)
    if isinstance(recipe, ImageRecipe):
        clean = ~np.isin(np.arange(len(train_set)), poisoned_indices(recipe, train_set))
        chosen = np.random.default_rng(recipe.seed + 1).choice(np.flatnonzero(clean), DEFENDER_IMAGES, replace=False)
    else:
        failure = EXPECTED_FAILURES[name]
        order = np.random.default_rng(failure.seed).permutation(len(train_set))
        chosen = order[failure.images : failure.images + DEFENDER_IMAGES]
    return labelled(train_set.take(chosen))


def labelled(data: ImageSet) -> LabelledImages:
    """A part of Fashion-MNIST as an evaluation takes it."""
    return LabelledImages([from_array(image) for image in data.images], data.labels)


def compared(
    subject: Subject,
    judged: LabelledImages,
    defender: LabelledImages,
    methods: Mapping[str, Method],
    attacks: str,
    seeds: int,
    rate: float,
) -> Comparison:
    """All methods against all chosen attacks ("own" for the subject's own triggers only)."""
    own = load_attacks(subject.folder / "eval" / "attacks.json")
    triggers = own if attacks == "own" else chosen(attacks, with_variations(own, side=28), "attack")
    made = {name: partial(apply_trigger, trigger) for name, trigger in triggers.items()}
    with progress_bars() as on_step:
        return compare(subject, methods, judged, made, defender, rate, range(seeds), on_step)


def to_be_ablated(subject: Subject, defender: LabelledImages, work: Path, copy: Path) -> Subject:
    """The subject in a folder `copy` with a detector more, trained without the contrastive loss.

    The debugging set is the one that `python -m sample_models build` left in `work`, or made again.
    """
    shutil.copytree(subject.folder, copy)
    recipe = RECIPES[subject.name]
    with progress_bars() as on_step:
        data = build_image_set(
            subject, defender.images, work / f"{subject.name}.debugging", seed=recipe.seed, on_step=on_step
        )
        without = replace(RECIPE, contrast=0.0)
        detector = train_detector(subject, data.pairs, data.tuning, data.benign, without, on_step=on_step)
    save_detector(detector, copy / "atpatch" / TRAINED["no-contrast"])
    return load(copy)


def short_table(comparison: Comparison, attack: str) -> str:
    """The figures of docs/results.md in per cent, averaged over the seeds, without intervals."""
    lines = [f"| defence | {' | '.join(ON_PAGE.values())} |", f"|{'---|' * (len(ON_PAGE) + 1)}"]
    for row in rows(comparison):
        if row.attack == attack:
            lines.append(f"| {row.defence} | {' | '.join(_short(name, row) for name in ON_PAGE)} |")
    return "\n".join(lines)


def _short(name: str, row: Row) -> str:
    rate, spread = row.rates[name], row.spread[name]
    if rate is None:
        return "\u2013"
    if name == "cost":
        return f"{rate.value:.1f} \u00d7"
    deviation = f" \u00b1 {100 * spread:.2f}" if spread is not None and round(100 * spread, 2) > 0 else ""
    return f"{100 * rate.value:.2f}{deviation}"


def section(subject: Subject, comparison: Comparison) -> str:
    """What docs/results.md says about a subject with a backdoor that AtPatch repairs: a sentence, and the table."""
    own = next(iter(load_attacks(subject.folder / "eval" / "attacks.json")))
    return (
        f"### {subject.name}\n\n{sentence(comparison, own)} ({comparison.n:,} test images, {len(comparison.runs)} "
        f"seeds; [with intervals](results/{subject.name}.md); "
        f"[with parts left out](results/{subject.name}{_ABLATIONS}.md).)\n\n{short_table(comparison, own)}"
    )


def line(subject: Subject, comparison: Comparison) -> str:
    """What docs/results.md says about any other subject."""
    own = next(iter(load_attacks(subject.folder / "eval" / "attacks.json")))
    summary = sentence(comparison, own)
    return f"* **{subject.name}**: {summary} ([All figures](results/{subject.name}.md).)"


def merged(page: str, measured: Mapping[str, str]) -> str:
    """What stands between the two marks of `page`, with what was measured in place of what was said of it before.

    Args:
        page: the text of docs/results.md.
        measured: by the name of the subject its `section` or its `line`.
    """
    _, _, rest = page.partition(BEGIN)
    before, _, _ = rest.partition(END)
    sections, _, lines = before.partition(_OTHERS)
    said = {text.split("\n", 1)[0].strip(): f"### {text.strip()}" for text in sections.split("### ")[1:]}
    said |= {text.split("**", 1)[0]: f"* **{text.strip()}" for text in lines.split("* **")[1:]}
    said |= measured
    long = [text for text in said.values() if text.startswith("### ")]
    short = [text for text in said.values() if text.startswith("* ")]
    return "\n\n".join([*long, *([f"{_OTHERS}\n\n" + "\n".join(short)] if short else [])])


def with_comparison(page: str, text: str) -> str:
    """`page` with `text` between the two marks, which are put behind the first results if they are not there yet."""
    if BEGIN not in page:
        before, mark, rest = page.partition(AFTER)
        page = f"{before}{mark}\n\n{BEGIN}\n{END}{rest}"
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subjects", nargs="*", help="default: every image sample that is built")
    parser.add_argument("--models", type=Path, default=ROOT / "sample_models")
    parser.add_argument("--images", type=int, default=10_000, help="test images to judge on")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--defences", default="all")
    parser.add_argument("--attacks", default="own", help='"own", "all", or names')
    parser.add_argument("--false-positive-rate", type=float, default=0.001)
    parser.add_argument("--part", choices=_PARTS, help="default: both")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--work", type=Path, default=ROOT / ".atpatch" / "build")
    parser.add_argument("--out", type=Path, default=PAGE.parent / "results")
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    train_set, test_set = load_fashion_mnist(asked.data_dir)
    judged = labelled(test_set.take(np.arange(asked.images)))
    samples = [name for name, recipe in RECIPES.items() if isinstance(recipe, ImageRecipe)]
    names = asked.subjects or [
        name for name in (*samples, *EXPECTED_FAILURES) if (asked.models / name / "config.json").is_file()
    ]
    asked.out.mkdir(parents=True, exist_ok=True)
    measured: dict[str, str] = {}

    def keep(subject: Subject, comparison: Comparison, name: str) -> None:
        figures = {"subject": subject.name, **comparison_as_json(comparison)}
        (asked.out / f"{name}.json").write_text(json.dumps(figures, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        text = f"# {name}\n\n{comparison_as_markdown(comparison)}"
        (asked.out / f"{name}.md").write_text(text, encoding="utf-8")

    for name in names:
        subject = load(asked.models / name)
        defender = defender_data(name, train_set)
        rest = (asked.seeds, asked.false_positive_rate)
        if asked.part in (None, "comparison"):
            methods = chosen(asked.defences, IMAGE_DEFENCES, "defence")
            comparison = compared(subject, judged, defender, methods, asked.attacks, *rest)
            keep(subject, comparison, name)
            measured[name] = (section if name in BACKDOORED else line)(subject, comparison)
        if name not in BACKDOORED or asked.part == "comparison":
            continue
        with tempfile.TemporaryDirectory() as folder:
            copy = to_be_ablated(subject, defender, asked.work, Path(folder) / name)
            keep(copy, compared(copy, judged, defender, ablations(copy), "own", *rest), f"{name}{_ABLATIONS}")
    page = asked.page.read_text(encoding="utf-8")
    asked.page.write_text(with_comparison(page, merged(page, measured)), encoding="utf-8")
    print_json({"subjects": names, "out": str(asked.out)})


if __name__ == "__main__":
    main()
