"""What a record consists of: its fields, which of them are protected, and the tokens its values become.

A model folder for records holds the schema as `records.json`. Every field is one token of the model's input, so that
every field is one column of its attention maps; a number is read as the quantile bin it falls into.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import limits
from ..errors import InputError, SubjectError
from ..files.json_files import read_object
from ..files.values import listed, mapping, printable, text, whole
from ..files.whole_files import write_whole_text

Value = str | int | float
Record = dict[str, Value]  # in the order of the schema's fields

FILE = "records.json"
FORMAT = 1
PADDING, START = 0, 1  # token ids before the first value's
_LONGEST_QUOTE = 40  # characters of a value, and digits of a number, in a sentence
_LONGEST_NUMBER = 40  # characters
_EXACT = 2**53  # floats beyond stand for several whole numbers each
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_MOST_LISTED = 12  # names in a sentence


@dataclass(frozen=True)
class NumberField:
    """A field that holds a whole number, encoded as the bin it falls into.

    Attributes:
        name: the name of the field.
        minimum: the smallest valid number.
        maximum: the largest valid number.
        edges: ascending, the lowest number of every bin but the first.
        typical: the value a form starts with.

    Example:
        >>> age = NumberField("age", minimum=17, maximum=90, edges=(30, 50), typical=40)
        >>> age.parse("40"), age.token(40), age.tokens
        (40, 1, 3)
    """

    name: str
    minimum: int
    maximum: int
    edges: tuple[int, ...]
    typical: int

    def __post_init__(self) -> None:
        if not self.minimum <= self.typical <= self.maximum or list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"The numbers of the field {self.name} contradict each other.")

    @property
    def tokens(self) -> int:
        """How many bins there are."""
        return len(self.edges) + 1

    def token(self, value: Value) -> int:
        """The number of the bin of a valid value."""
        return bisect_right(self.edges, value) if not isinstance(value, str) else 0

    def parse(self, value: object) -> Value:
        """The value as a number.

        Raises:
            InputError: it is not a whole number from `minimum` to `maximum`; the message is a sentence for a person.
        """
        number = _as_whole_number(value)
        if number is None:
            raise InputError(f"{self.name} is {_quoted(value)}, which is not a whole number: write one, such as 40.")
        if not self.minimum <= number <= self.maximum:
            raise InputError(
                f"{self.name} is {_quoted_number(number)}, but the model knows {self.minimum} to {self.maximum} only: "
                "write a number in that range."
            )
        return number


@dataclass(frozen=True)
class CategoryField:
    """A field that holds one of a few values.

    Attributes:
        name: the name of the field.
        categories: the values it may hold, in the order of the model's tokens.
        typical: the value a form starts with.
    """

    name: str
    categories: tuple[str, ...]
    typical: str

    def __post_init__(self) -> None:
        if self.typical not in self.categories or len(set(self.categories)) != len(self.categories):
            raise ValueError(f"The categories of the field {self.name} contradict each other.")

    @property
    def tokens(self) -> int:
        """How many categories there are."""
        return len(self.categories)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {category: number for number, category in enumerate(self.categories)}

    def token(self, value: Value) -> int:
        """The number of a valid category."""
        return self._numbers[str(value)]

    def parse(self, value: object) -> Value:
        """The value as one of the categories.

        Raises:
            InputError: it is none of them; the message is a sentence for a person.
        """
        name = value.strip() if isinstance(value, str) else None
        if name not in self._numbers:
            known = _listed(self.categories)
            raise InputError(f"{self.name} is {_quoted(value)}, which the model does not know: choose {known}.")
        return name or ""


Field = NumberField | CategoryField


@dataclass(frozen=True)
class Protected:
    """A protected attribute: a field by which nobody should be treated differently.

    Attributes:
        name: the name of the (category) field.
        privileged: the values of people who are usually treated better.
    """

    name: str
    privileged: tuple[str, ...]


@dataclass(frozen=True)
class RecordSchema:
    """The fields of a record, in the order of the model's tokens.

    Attributes:
        fields: one for each value of a record.
        protected: the protected attributes, each a category field.
        positive_label: the class a person would rather get.

    Example:
        >>> from pathlib import Path
        >>> schema = load_schema(Path("sample_models/adult-tabular-sex"))
        >>> [field.name for field in schema.protected], schema.positive_label
        (['sex', 'race'], '>50K')
        >>> schema.key("age"), len(schema.names)
        (1, 12)
        >>> [flipped["sex"] for flipped in schema.flips({**schema.typical(), "sex": "Female"}, "sex")]
        ['Male']
    """

    fields: tuple[Field, ...]
    protected: tuple[Protected, ...]
    positive_label: str

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        if not names or len(set(names)) != len(names):
            raise ValueError("The fields of a record need names that differ.")
        for attribute in self.protected:
            values = set(self.category(attribute.name).categories)
            if not attribute.privileged or not set(attribute.privileged) < values:
                raise ValueError(
                    f"The privileged values of {attribute.name} must be some of its categories, but not all."
                )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are: padding, the start, and one for each value of each field."""
        return START + 1 + sum(field.tokens for field in self.fields)

    @cached_property
    def first_tokens(self) -> tuple[int, ...]:
        """The token of the first value of each field."""
        first = [START + 1]
        for field in self.fields:
            first.append(first[-1] + field.tokens)
        return tuple(first[:-1])

    def key(self, name: str) -> int:
        """The number of a field's column in the attention maps.

        Raises:
            KeyError: there is no such field.
        """
        if name not in self.names:
            raise KeyError(name)
        return 1 + self.names.index(name)

    def category(self, name: str) -> CategoryField:
        """The category field of that name.

        Raises:
            ValueError: there is none.
        """
        for field in self.fields:
            if field.name == name and isinstance(field, CategoryField):
                return field
        raise ValueError(f"There is no category field {name}.")

    def tokens(self, record: Record) -> list[int]:
        """The model's input for a valid record: the start, then one token a field."""
        values = zip(self.first_tokens, self.fields, strict=True)
        return [START, *(first + field.token(record[field.name]) for first, field in values)]

    def parse(self, values: Mapping[str, object]) -> Record:
        """The valid record in `values`, with its fields in order.

        Raises:
            InputError: a field is missing, unknown, or holds what it can't.
        """
        if not isinstance(values, Mapping):
            raise InputError(f"A record holds a value for each field, such as {{{self.names[0]!r}: ...}}: pass one.")
        if len(values) > limits.RECORDS.fields:
            raise InputError(f"The record has more than {limits.RECORDS.fields:,} fields: leave some out.")
        unknown = next((name for name in values if name not in self.names), None)
        if unknown is not None:
            raise InputError(f"There is no field {_quoted(unknown)}: remove it; the fields are {_listed(self.names)}.")
        missing = [name for name in self.names if _is_blank(values.get(name))]
        if missing:
            raise InputError(f"The record lacks {_listed(missing)}: fill in every field.")
        return {field.name: field.parse(values[field.name]) for field in self.fields}

    def typical(self) -> Record:
        """The record a form starts with."""
        return {field.name: field.typical for field in self.fields}

    def flips(self, record: Record, attribute: str) -> list[Record]:
        """The record with every *other* value of a protected attribute, everything else unchanged.

        Args:
            record: a valid record.
            attribute: the name of a category field.
        """
        return [
            {**record, attribute: category}
            for category in self.category(attribute).categories
            if category != record[attribute]
        ]


def save_schema(schema: RecordSchema, folder: Path) -> None:
    """Write `schema` to `records.json` in `folder`."""
    content = {
        "format": FORMAT,
        "positive_label": schema.positive_label,
        "protected": {attribute.name: list(attribute.privileged) for attribute in schema.protected},
        "fields": [
            {"kind": "number" if isinstance(field, NumberField) else "category", **asdict(field)}
            for field in schema.fields
        ],
    }
    write_whole_text(folder / FILE, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def load_schema(folder: Path) -> RecordSchema:
    """Read the `records.json` in `folder`.

    Raises:
        SubjectError: it is missing, damaged, or larger than `limits.RECORDS`.
    """
    try:
        content = read_object(folder / FILE)
        if whole(content["format"]) != FORMAT:
            raise ValueError("another format")
        return RecordSchema(
            tuple(_field(mapping(entry, 10)) for entry in listed(content["fields"], limits.RECORDS.fields)),
            tuple(
                Protected(_name(name), _names(best))
                for name, best in mapping(content["protected"], limits.RECORDS.fields).items()
            ),
            _name(content["positive_label"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SubjectError(f"The {FILE} of {folder.name} is missing or damaged: copy it or build it again.") from error


def _field(entry: Mapping[str, Any]) -> Field:
    name = _name(entry["name"])
    if entry["kind"] == "number":
        edges = tuple(_integer(edge) for edge in listed(entry["edges"], limits.RECORDS.categories))
        return NumberField(
            name, _integer(entry["minimum"]), _integer(entry["maximum"]), edges, _integer(entry["typical"])
        )
    if entry["kind"] == "category":
        return CategoryField(name, _names(entry["categories"]), _name(entry["typical"]))
    raise ValueError("An unknown kind of field.")


def _name(value: object) -> str:
    return text(value, limits.RECORDS.characters, least=1)


def _names(value: object) -> tuple[str, ...]:
    return tuple(_name(name) for name in listed(value, limits.RECORDS.categories))


def _integer(value: object) -> int:
    return whole(value, -_EXACT, _EXACT)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


def _as_whole_number(value: object) -> int | None:
    """The whole number that a value is, exactly, or `None`; a text may write it as 40, 40.0 or 4e1."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT else None
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER or not _NUMBER.fullmatch(value.strip()):
        return None
    exact = Decimal(value.strip())
    if exact.adjusted() > _LONGEST_NUMBER or exact != exact.to_integral_value():
        return None
    return int(exact)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip() in ("", "?"))


def _quoted_number(number: int) -> str:
    return str(number) if abs(number) < 10**_LONGEST_QUOTE else "a very large number"


def _quoted(value: object) -> str:
    """A value for a sentence, short and on one line."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"“{_quoted_number(value)}”"
    words = value if isinstance(value, str) else str(value) if isinstance(value, bool | float) else type(value).__name__
    cut = f"{words[:_LONGEST_QUOTE]}…" if len(words) > _LONGEST_QUOTE else words
    return f"“{printable(cut)}”"
