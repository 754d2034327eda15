"""Build the debugging set of a record model from the model itself and people without labels, and keep it in a folder.

provenance.json     what it was made from, what was found; written last, so that only a whole set can be read
records.json        the fields, as in the model's folder
pairs.parquet       over_attending, clean (records), hijacking (protected attributes), distance (fields that differ)
tuning.parquet      record: further people, on whom layers, threshold and benign reference are chosen
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from ..files.json_files import read_object
from ..files.values import listed, text, whole
from ..subjects.fingerprint import fingerprint
from ..subjects.record_schema import NumberField, Record, RecordSchema, load_schema, save_schema
from ..subjects.subject import Subject
from ..whole_files import replacing, write_whole_text
from .attribute_flips import FlippedPairs, attribute_flips, record_schema
from .stored_rows import stored_rows

LEAST = 300
MOST = 1_800
_LONGEST_ORIGIN = 10_000  # characters
_LEARN = 2 / 3  # of the people; detectors are tuned on the rest

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RecordDebuggingData:
    """Pairs to learn from, made from a part of the people, and the others, to tune on.

    `provenance` is what `provenance.json` says.
    """

    pairs: FlippedPairs
    tuning: tuple[Record, ...]
    provenance: dict[str, Any]


def build_record_set(
    subject: Subject,
    records: Sequence[Record],
    folder: Path,
    seed: int = 0,
    on_step: OnStep = lambda stage, done, total: None,
) -> RecordDebuggingData:
    """Flip the protected attributes of people, see whom they hijack, and make the debugging set in `folder`.

    Needs the model and `LEAST` to `MOST` records (of more, the first `MOST` count); their labels are not needed. A
    model that no protected attribute moves gets a set without pairs. Raises `InputError` when there are too few
    records, all of them are hijacked, the subject takes no records or names no protected attribute, or the disk
    refuses.
    """
    schema = record_schema(subject)
    if len(records) < LEAST:
        raise InputError(f"{len(records)} records are too few: give at least {LEAST}, better {MOST:,}.")
    people = list(records[:MOST])
    order = np.random.default_rng(seed).permutation(len(people))
    learn, tune = np.split(order, [round(_LEARN * len(order))])
    on_step("flipping attributes", 0, 1)
    pairs = attribute_flips(subject, [people[one] for one in learn], seed=seed)
    on_step("flipping attributes", 1, 1)
    data = RecordDebuggingData(
        pairs,
        tuple(people[one] for one in tune),
        {
            "format": 1,
            "kind": "record",
            "model": fingerprint(subject.model),
            "subject": subject.name,
            "seed": seed,
            "records": len(people),
            "attributes": [
                {"attribute": one.name, "hijacks": int(pairs.hijacking[:, number].sum())}
                for number, one in enumerate(schema.protected)
            ],
            "mean_distance_in_fields": round(float(np.mean(pairs.distance)), 2) if len(pairs) else None,
            "origin": pairs.origin,
            "date": datetime.now(UTC).date().isoformat(),
        },
    )
    try:
        _save(data, schema, folder)
    except OSError as error:
        raise InputError(
            f"The debugging set can't be written to {folder} ({error.strerror or 'the disk refused'}): make room and "
            "start again."
        ) from error
    return data


def load_record_set(folder: Path) -> RecordDebuggingData:
    """Read what `build_record_set` wrote. Raises `InputError` when it is missing, unfinished or damaged."""
    if not (folder / "provenance.json").is_file():
        raise InputError(f"{folder} holds no finished debugging set: make one with `atpatch debug-set`.")
    try:
        provenance = read_object(folder / "provenance.json")
        schema = load_schema(folder)
        table = stored_rows(folder / "pairs.parquet", ["over_attending", "clean", "hijacking", "distance"])
        tuning = stored_rows(folder / "tuning.parquet", ["record"])
        pairs = FlippedPairs(
            [schema.parse(row["over_attending"]) for row in table],
            [schema.parse(row["clean"]) for row in table],
            _hijacking([row["hijacking"] for row in table], schema),
            np.array([whole(row["distance"], 0, len(schema.fields)) for row in table], dtype=np.int64),
            text(provenance["origin"], _LONGEST_ORIGIN),
        )
        people = tuple(schema.parse(row["record"]) for row in tuning)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"The debugging set in {folder} is no sound one of records: make it again with `atpatch debug-set`."
        ) from error
    return RecordDebuggingData(pairs, people, provenance)


def _hijacking(named: Sequence[Sequence[str]], schema: RecordSchema) -> np.ndarray:
    """Which protected attributes hijack each record, bool `[n, protected attributes]`. Raises `ValueError`."""
    names = [one.name for one in schema.protected]
    hijacking = np.zeros((len(named), len(names)), dtype=bool)
    for row, attributes in enumerate(named):
        if len(set(listed(attributes, len(names)))) != len(attributes):
            raise ValueError("An attribute is named twice.")
        hijacking[row, [names.index(one) for one in attributes]] = True
    return hijacking


def _save(data: RecordDebuggingData, schema: RecordSchema, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "provenance.json").unlink(missing_ok=True)
    save_schema(schema, folder)
    record = pa.struct(
        [(one.name, pa.int64() if isinstance(one, NumberField) else pa.string()) for one in schema.fields]
    )
    names = [one.name for one in schema.protected]
    pairs: Mapping[str, Any] = {
        "over_attending": data.pairs.over_attending,
        "clean": data.pairs.clean,
        "hijacking": [[name for name, hit in zip(names, row, strict=True) if hit] for row in data.pairs.hijacking],
        "distance": data.pairs.distance.tolist(),
    }
    columns = [("over_attending", record), ("clean", record), ("hijacking", pa.list_(pa.string()))]
    table = pa.table(pairs, pa.schema([*columns, ("distance", pa.int32())]))
    with replacing(folder / "pairs.parquet") as file:
        pq.write_table(table, file, compression="zstd")
    people = pa.table({"record": list(data.tuning)}, pa.schema([("record", record)]))
    with replacing(folder / "tuning.parquet") as file:
        pq.write_table(people, file, compression="zstd")
    write_whole_text(folder / "provenance.json", json.dumps(data.provenance, indent=1, ensure_ascii=False) + "\n")
