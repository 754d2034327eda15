"""Whether a program grows that looks at one text after the other: `python benchmarks/inspect_memory.py` (`--help`).

Inspects texts of 15 to 300 words, cut from the reviews that `reviews-minilm-badword` is judged on, and prints the
memory of the process (its resident set, in megabytes) after some numbers of them. Needs Linux.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
from pathlib import Path

import pyarrow.parquet as pq
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import atpatch_core as atpatch  # noqa: E402

_PAGE = 4_096
SUBJECT = ROOT / "sample_models" / "reviews-minilm-badword"


def resident_megabytes() -> float:
    """The resident set of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE / 1e6


def main() -> None:
    """Inspect, and print a JSON object after 10 texts, and after every 50."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    subject = atpatch.load(SUBJECT)
    words = " ".join(pq.read_table(SUBJECT / "eval" / "texts.parquet")["text"].to_pylist()).split()
    rng = random.Random(options.seed)
    for number in range(1, options.texts + 1):
        length = rng.randint(15, 300)
        start = rng.randrange(len(words) - length)
        atpatch.inspect(subject, " ".join(words[start : start + length]))
        if number == 10 or number % 50 == 0:
            gc.collect()
            print(json.dumps({"texts": number, "megabytes": round(resident_megabytes(), 1)}), flush=True)


if __name__ == "__main__":
    main()
