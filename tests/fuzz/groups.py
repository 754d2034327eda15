"""The ten groups of hostile inputs, each made from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from . import addresses, data_sets, debugging_sets, detectors, images, indexes, labels, records, schemas, texts
from .case import Case

GROUPS: dict[str, Callable[[random.Random], Iterator[Case]]] = {
    "images": images.cases,
    "texts": texts.cases,
    "records": records.cases,
    "schemas": schemas.cases,
    "label files": labels.cases,
    "debugging sets": debugging_sets.cases,
    "detectors": detectors.cases,
    "indexes": indexes.cases,
    "data sets": data_sets.cases,
    "addresses": addresses.cases,
}


def made(group: str, seed: int = 0) -> list[Case]:
    """All cases of a group; the same seed makes the same ones."""
    return list(GROUPS[group](random.Random(f"{group} {seed}")))
