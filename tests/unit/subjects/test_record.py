"""Records: validation, encoding, files."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from atpatch_core import limits
from atpatch_core.errors import InputError, SubjectError
from atpatch_core.subjects.record import RecordAdapter, record_adapter
from atpatch_core.subjects.record_files import read_records
from atpatch_core.subjects.record_schema import (
    START,
    CategoryField,
    NumberField,
    Protected,
    RecordSchema,
    load_schema,
    save_schema,
)

SCHEMA = RecordSchema(
    (
        NumberField("age", 17, 90, (30, 50), 40),
        CategoryField("sex", ("Female", "Male"), "Male"),
        CategoryField("race", ("A", "B", "C"), "A"),
    ),
    (Protected("sex", ("Male",)), Protected("race", ("A",))),
    ">50K",
)
RECORD = {"age": 39, "sex": "Male", "race": "B"}


@pytest.fixture
def adapter() -> RecordAdapter:
    return RecordAdapter(SCHEMA)


def test_json_and_csv_give_the_same_record(adapter: RecordAdapter) -> None:
    assert adapter.read(json.dumps(RECORD).encode()) == RECORD
    assert adapter.read(b"sex,age,race\r\nMale,39,B\r\n") == RECORD
    assert adapter.read("\ufeffsex;age;race\nMale; 39.0 ;B\n".encode()) == RECORD


def test_fields_come_in_the_order_of_the_schema_and_write_is_canonical(adapter: RecordAdapter) -> None:
    shuffled = adapter.read(b'{"race": "B", "age": "39", "sex": "Male"}')
    assert list(shuffled) == ["age", "sex", "race"]
    assert adapter.write(shuffled) == adapter.write(dict(reversed(RECORD.items())))
    assert adapter.read(adapter.write(RECORD)) == RECORD


@pytest.mark.parametrize(("age", "token"), [(17, 2), (29, 2), (30, 3), (49, 3), (50, 4), (90, 4)])
def test_a_number_becomes_the_token_of_its_bin(adapter: RecordAdapter, age: int, token: int) -> None:
    ids = adapter.encode([{**RECORD, "age": age}])["input_ids"]
    assert ids.tolist() == [[START, token, 6, 8]]


def test_every_value_has_a_token_of_its_own_below_the_vocabulary() -> None:
    ages = [SCHEMA.tokens({**RECORD, "age": age})[1] for age in (17, 30, 50)]
    sexes = [SCHEMA.tokens({**RECORD, "sex": sex})[2] for sex in ("Female", "Male")]
    races = [SCHEMA.tokens({**RECORD, "race": race})[3] for race in "ABC"]
    assert sorted(ages + sexes + races) == list(range(2, SCHEMA.vocabulary))


def test_the_layout_names_the_fields(adapter: RecordAdapter) -> None:
    layout = adapter.layout(RECORD, 4)
    assert layout.key_names == ("[CLS]", "age", "sex", "race")
    assert layout.special == (True, False, False, False)
    assert layout.key_names[SCHEMA.key("race")] == "race"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"age": 16}, "age is 16, but the model knows 17 to 90 only"),
        ({"age": 91}, "age is 91"),
        ({"age": "forty"}, "not a whole number"),
        ({"age": 39.5}, "not a whole number"),
        ({"age": True}, "not a whole number"),
        ({"age": "nan"}, "not a whole number"),
        ({"age": "1e999"}, "not a whole number"),
        ({"age": [39]}, "not a whole number"),
        ({"age": None}, "lacks age"),
        ({"age": " "}, "lacks age"),
        ({"race": "?"}, "lacks race"),
        ({"race": "D"}, "which the model does not know: choose A, B, C"),
        ({"race": 1}, "does not know"),
        ({"sex": "Male\0"}, "does not know"),
        ({"height": 180}, "There is no field “height”"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    adapter: RecordAdapter, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as error:
        adapter.read(json.dumps({**RECORD, **change}).encode())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"{", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b"[1]", "object"),
        (b"[]", "object"),
        (b"hello", "must name the fields"),
        (b"age,sex,race\n", "no record below"),
        (b"age,sex,race\n39,Male\n", "Row 1 has 2 values for 3 fields"),
        (b"age,sex,race,age\n39,Male,A,39\n", "twice"),
        (b"age,sex,race,size\n39,Male,A,1\n", "size"),
        (b'age,sex,race\n39,Male,"A' + b"x" * 200_000, "CSV"),
        (b"age,sex,race\n39,Male,A\n16,Male,A\n", "Row 2: age is 16"),
        (b"age,sex,race\n39,Male,A\n40,Male,A\n", "choose one"),
        (b"age,sex,race\n" + b"39,Male,A\n" * 20_001, "more than 20,000"),
        (b"x" * (limits.RECORDS.bytes + 1), "larger"),
    ],
)
def test_unusable_files_are_refused(adapter: RecordAdapter, content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        adapter.read(content)


def test_a_table_is_read_whole_and_its_label_passed_over() -> None:
    records = read_records(b"age,sex,race,label\n39,Male,B,>50K\n40,Female,C,<=50K\n", SCHEMA)
    assert records == [RECORD, {"age": 40, "sex": "Female", "race": "C"}]


def test_a_field_twice_and_what_is_no_record_are_refused(adapter: RecordAdapter) -> None:
    twice = json.dumps(RECORD)[:-1] + ', "age": 40}'
    with pytest.raises(InputError, match="names a field twice"):
        adapter.read(twice.encode())
    with pytest.raises(InputError, match="a value for each field"):
        adapter.encode(["a sentence"])  # type: ignore[list-item]


def test_an_invalid_record_never_reaches_the_model(adapter: RecordAdapter) -> None:
    with pytest.raises(InputError):
        adapter.encode([RECORD, {**RECORD, "age": 1000}])


def test_flips_are_all_other_values_and_nothing_else_changes() -> None:
    assert SCHEMA.flips(RECORD, "sex") == [{**RECORD, "sex": "Female"}]
    assert SCHEMA.flips(RECORD, "race") == [{**RECORD, "race": "A"}, {**RECORD, "race": "C"}]


def test_the_form_starts_with_a_valid_record() -> None:
    assert SCHEMA.parse(SCHEMA.typical()) == SCHEMA.typical()


def test_a_schema_survives_its_file(tmp_path: Path) -> None:
    save_schema(SCHEMA, tmp_path)
    assert load_schema(tmp_path) == SCHEMA


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"category"', '"colour"'),
        lambda text: text.replace('"minimum": 17', '"minimum": 170'),
        lambda text: text.replace('"sex": [', '"size": ['),
        lambda text: text.replace('"typical": "A"', '"typical": "Z"'),
    ],
)
def test_a_damaged_schema_is_refused(tmp_path: Path, damage: object) -> None:
    save_schema(SCHEMA, tmp_path)
    path = tmp_path / "records.json"
    path.write_text(damage(path.read_text()))  # type: ignore[operator]
    with pytest.raises(SubjectError):
        load_schema(tmp_path)


@pytest.mark.parametrize(("vocabulary", "labels"), [(99, ["<=50K", ">50K"]), (SCHEMA.vocabulary, ["no", "yes"])])
def test_a_schema_of_another_model_is_refused(tmp_path: Path, vocabulary: int, labels: list[str]) -> None:
    save_schema(SCHEMA, tmp_path)
    config = SimpleNamespace(vocab_size=vocabulary, id2label=dict(enumerate(labels)))
    with pytest.raises(SubjectError, match="does not fit"):
        record_adapter(tmp_path, config)
