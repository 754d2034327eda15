"""What the hot-fix costs: `python benchmarks/hotfix_overhead.py` (see `--help`).

Six ways to run the same model, one after the other in every round, so that whatever slows the machine down slows all of
them: the stock model with SDPA, the stock model with eager attention (what anyone pays who wants to see a map), the
hot-fix on inputs in which nothing is flagged, on inputs with the trigger, on these without following what is flagged,
and on inputs with four copies of the trigger, which it takes trials to find. Figures are medians over the rounds;
ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoModelForImageClassification

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import atpatch_core as atpatch
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.evaluation.image_attacks import with_variations
from atpatch_core.triggers.patch import PatchTrigger

Forward = Callable[[], object]


def forwards(folder: Path, batch: int) -> dict[str, Forward]:
    """The six ways to run the model in `folder` on `batch` inputs. Raises `SystemExit` if none are fit for it."""
    subject = atpatch.load(folder)
    eager = AutoModelForImageClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    eager.train(False)
    labelled = read_labelled_images(folder / "eval" / "images.parquet", subject.labels)
    trigger = next(iter(load_attacks(folder / "eval" / "attacks.json").values()))
    if not isinstance(trigger, PatchTrigger):
        raise SystemExit(f"{folder} takes no images: choose a subject that does.")
    clean, bad = [], []
    for image in labelled.images:
        one = LabelledImages([image], labelled.labels[:1])
        stamped = apply_trigger(trigger, one).inputs.inputs[0]
        flagged = [atpatch.inspect(subject, shown).flags.any for shown in (image, stamped)]
        if flagged == [False, True]:
            clean.append(image)
            bad.append(stamped)
        if len(clean) == batch:
            break
    else:
        raise SystemExit(
            f"Only {len(clean)} inputs are flagged with the trigger and not without: take a smaller batch."
        )
    corners = with_variations({"own": trigger}, side=clean[0].height)["corners"]
    copied = apply_trigger(corners, LabelledImages(clean, labelled.labels[: len(clean)])).inputs.inputs
    untouched, triggered, copies = (subject.encode(images) for images in (clean, bad, copied))

    def fixed(inputs: dict[str, torch.Tensor], follow_rows: int | None = None) -> object:
        with atpatch.hotfix(subject, follow_rows=follow_rows):
            return subject.model(**inputs).logits

    return {
        "stock, SDPA": lambda: subject.model(**untouched).logits,
        "stock, eager": lambda: eager(**untouched).logits,
        "hot-fix, nothing flagged": lambda: fixed(untouched),
        "hot-fix, all inputs flagged": lambda: fixed(triggered),
        "hot-fix, all flagged, not followed": lambda: fixed(triggered, 0),
        "hot-fix, four copies in each input": lambda: fixed(copies),
    }


def measure(ways: dict[str, Forward], rounds: int, repeats: int) -> dict[str, list[float]]:
    """Milliseconds for one forward, per way one value a round."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    with torch.no_grad():
        for number in range(rounds + 1):
            for name, forward in ways.items():
                start = time.perf_counter()
                for _ in range(repeats):
                    forward()
                if number:  # the first round only warms up
                    times[name].append((time.perf_counter() - start) / repeats * 1000)
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the hot-fix costs, against the stock model in the same rounds.")
    parser.add_argument("--subject", type=Path, default=Path("sample_models/fashion-vit-badnets"))
    parser.add_argument("--batch", type=int, default=1, help="inputs in one forward (default 1)")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=30, help="forwards a round")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default 1)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    times = measure(forwards(options.subject, options.batch), options.rounds, options.repeats)
    base = times["stock, SDPA"]
    rows = {
        name: {
            "milliseconds": statistics.median(values),
            "ratio_to_sdpa": statistics.median(value / sdpa for value, sdpa in zip(values, base, strict=True)),
            "added_milliseconds": statistics.median(value - sdpa for value, sdpa in zip(values, base, strict=True)),
        }
        for name, values in times.items()
    }
    if options.json:
        print(json.dumps({"batch": options.batch, "threads": options.threads, "ways": rows}, indent=2))
        return
    print(
        f"{options.subject.name}, batch {options.batch}, threads {options.threads}; median of {options.rounds} rounds"
    )
    for name, row in rows.items():
        print(
            f"{name:28} {row['milliseconds']:8.2f} ms   {row['ratio_to_sdpa']:5.2f} x SDPA   "
            f"{row['added_milliseconds']:+7.2f} ms"
        )


if __name__ == "__main__":
    main()
