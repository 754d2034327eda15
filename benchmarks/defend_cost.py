"""What a defender pays for a detector: `python -m benchmarks.defend_cost` (see `--help`).

Runs the three commands a defender runs, `debug-set`, `train-detector` and `calibrate`, one after the other on a model
and 1,000 clean images in an empty folder, and prints the seconds that each took and the most memory that any held.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from atpatch_core.evaluation.datasets import write_labelled_images
from atpatch_core.subjects.image_files import as_array
from sample_models.recipes.catalogue import RECIPES
from sample_models.recipes.images.detectors import defender_images
from sample_models.recipes.images.fashion_mnist import LABELS, load_fashion_mnist
from sample_models.recipes.images.recipe import ImageRecipe

ROOT = Path(__file__).resolve().parents[1]


def seconds(*arguments: object) -> float:
    """How long one command of the command line takes. Raises `CalledProcessError` when it fails."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "atpatch_core", *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Run the commands and print what they took as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="fashion-vit-badnets", help="an image sample")
    parser.add_argument("--models", type=Path, default=ROOT / "sample_models")
    asked = parser.parse_args()
    recipe = RECIPES.get(asked.name)
    if not isinstance(recipe, ImageRecipe):
        parser.error(f"there is no image sample {asked.name!r}")
    images = np.stack([as_array(image) for image in defender_images(recipe, load_fashion_mnist()[0])])
    subject = asked.models / recipe.name
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean, pairs, trained, final = (folder / part for part in ("clean.parquet", "set", "trained", "calibrated"))
        write_labelled_images(images, np.zeros(len(images), dtype=np.int64), LABELS, clean)
        took = {
            "debug-set": seconds("debug-set", subject, "--clean", clean, "--out", pairs),
            "train-detector": seconds("train-detector", subject, "--debug-set", pairs, "--out", trained),
            "calibrate": seconds("calibrate", subject, "--detector", trained, "--clean", clean, "--out", final),
        }
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6  # kilobytes on Linux
    rounded = {command: round(one, 1) for command, one in took.items()}
    print(
        json.dumps(
            {
                "subject": recipe.name,
                "clean_pictures": len(images),
                "seconds": rounded,
                "minutes_in_all": round(sum(took.values()) / 60, 2),
                "most_memory_gb": round(memory, 2),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
