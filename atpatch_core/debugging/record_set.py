"""Build the debugging set of a record model from the model and people without labels (see `set_folder.py`).

records.json        the fields, as in the model's folder
pairs.parquet       over_attending, clean (records), hijacking (protected attributes), distance (fields that differ)
tuning.parquet      record: further people, on whom layers, threshold and benign reference are chosen
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..detector.learning_curve import OnStep, say_nothing
from ..files.values import listed, text, whole
from ..subjects.record import record_schema
from ..subjects.record_schema import NumberField, Record, RecordSchema, load_schema, save_schema
from ..subjects.subject import Subject
from .attribute_flips import FlippedPairs, attribute_flips
from .set_folder import LONGEST_ORIGIN, enough, made_from, new_set, stored_set, today, writable, write_table
from .stored_rows import stored_rows

LEAST = 300  # with fewer, too few are hijacked to learn from
MOST = 1_800  # every person is answered with every flip
_LEARN = 2 / 3  # of the people; detectors are tuned on the rest


@dataclass(frozen=True)
class RecordDebuggingData:
    """Pairs to learn from, made from a part of the people, and the others, to tune on.

    Attributes:
        pairs: over-attending records and their counterparts.
        tuning: the other people.
        provenance: what `provenance.json` says.
    """

    pairs: FlippedPairs
    tuning: tuple[Record, ...]
    provenance: dict[str, Any]

    @property
    def benign(self) -> tuple[()]:
        """None: the threshold is chosen by what it cures."""
        return ()


def build_record_set(
    subject: Subject,
    records: Sequence[Record],
    folder: Path,
    seed: int = 0,
    on_step: OnStep = say_nothing,
) -> RecordDebuggingData:
    """Flip the protected attributes of people, see whom they hijack, and make the debugging set of a record model.

    A model that no protected attribute moves gets a set without pairs.

    Args:
        subject: a model for records.
        records: `LEAST` to `MOST` people (of more, the first `MOST` count); their labels are not needed.
        folder: where the set is written.
        seed: where all randomness comes from; 0 by default.
        on_step: called with (stage, steps done, steps in all).

    Returns:
        What `load_record_set` reads from the folder.

    Raises:
        InputError: there are too few records, all of them are hijacked, the subject takes no records or names no
            protected attribute, or the disk refuses.
    """
    schema = record_schema(subject)
    people = enough(records, LEAST, MOST, "records")
    order = np.random.default_rng(seed).permutation(len(people))
    learn, tune = np.split(order, [round(_LEARN * len(order))])
    on_step("flipping attributes", 0, 1)
    pairs = attribute_flips(subject, [people[place] for place in learn], seed=seed)
    on_step("flipping attributes", 1, 1)
    attributes = [
        {"attribute": attribute.name, "hijacks": int(pairs.hijacking[:, number].sum())}
        for number, attribute in enumerate(schema.protected)
    ]
    data = RecordDebuggingData(
        pairs,
        tuple(people[place] for place in tune),
        {
            **made_from(subject, seed),
            "records": len(people),
            "attributes": attributes,
            "mean_distance_in_fields": round(float(np.mean(pairs.distance)), 2) if len(pairs) else None,
            "origin": pairs.origin,
            "date": today(),
        },
    )
    with writable(folder), new_set(folder, data.provenance):
        _write(data, schema, folder)
    return data


def load_record_set(folder: Path) -> RecordDebuggingData:
    """Read what `build_record_set` wrote.

    Args:
        folder: a finished debugging set.

    Raises:
        InputError: it is missing, unfinished or damaged.
    """
    with stored_set(folder, "no sound one of records") as provenance:
        schema = load_schema(folder)
        table = stored_rows(folder / "pairs.parquet", ["over_attending", "clean", "hijacking", "distance"])
        tuning = stored_rows(folder / "tuning.parquet", ["record"])
        pairs = FlippedPairs(
            [schema.parse(row["over_attending"]) for row in table],
            [schema.parse(row["clean"]) for row in table],
            _hijacking([row["hijacking"] for row in table], schema),
            np.array([whole(row["distance"], 0, len(schema.fields)) for row in table], dtype=np.int64),
            text(provenance["origin"], LONGEST_ORIGIN),
        )
        people = tuple(schema.parse(row["record"]) for row in tuning)
    return RecordDebuggingData(pairs, people, provenance)


def _hijacking(named: Sequence[Sequence[str]], schema: RecordSchema) -> np.ndarray:
    """Which protected attributes hijack each record, bool `[n, protected attributes]`. Raises `ValueError`."""
    names = [attribute.name for attribute in schema.protected]
    hijacking = np.zeros((len(named), len(names)), dtype=bool)
    for row, attributes in enumerate(named):
        if len(set(listed(attributes, len(names)))) != len(attributes):
            raise ValueError("An attribute is named twice.")
        hijacking[row, [names.index(name) for name in attributes]] = True
    return hijacking


def _write(data: RecordDebuggingData, schema: RecordSchema, folder: Path) -> None:
    save_schema(schema, folder)
    record = pa.struct(
        [(field.name, pa.int64() if isinstance(field, NumberField) else pa.string()) for field in schema.fields]
    )
    names = [attribute.name for attribute in schema.protected]
    pairs = {
        "over_attending": data.pairs.over_attending,
        "clean": data.pairs.clean,
        "hijacking": [[name for name, hit in zip(names, row, strict=True) if hit] for row in data.pairs.hijacking],
        "distance": data.pairs.distance.tolist(),
    }
    columns = [("over_attending", record), ("clean", record), ("hijacking", pa.list_(pa.string()))]
    write_table(folder / "pairs.parquet", pairs, pa.schema([*columns, ("distance", pa.int32())]))
    write_table(folder / "tuning.parquet", {"record": list(data.tuning)}, pa.schema([("record", record)]))
