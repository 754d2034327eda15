"""Classifiers of records: a table's row in, its fields as columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError, SubjectError
from ..layout import Layout
from .record_files import read_records
from .record_schema import Record, RecordSchema, load_schema
from .subject import Subject


@dataclass(frozen=True)
class RecordAdapter:
    """Feeds records to a Transformers sequence classifier, one token a field.

    Attributes:
        schema: the fields of a record and what they may hold.
    """

    schema: RecordSchema

    @property
    def kind(self) -> str:
        """Always "record"."""
        return "record"

    def read(self, content: bytes) -> Record:
        """The record in a JSON object or in a CSV file of one row.

        Raises:
            InputError: the file can't be read, or does not hold exactly one valid record.
        """
        records = read_records(content, self.schema)
        if len(records) > 1:
            raise InputError(f"The file holds {len(records):,} records: choose one of them.")
        return records[0]

    def write(self, record: Record) -> bytes:
        """The record as a JSON object, the same bytes for the same values; `read` turns it back into the record.

        Raises:
            InputError: the record is not valid.
        """
        record = self.schema.parse(record)
        ordered = {name: record[name] for name in self.schema.names}
        return json.dumps(ordered, ensure_ascii=False, indent=1).encode()

    def encode(self, inputs: Sequence[Record]) -> dict[str, Tensor]:
        """The model's argument `input_ids` for a batch, int64 `[batch, 1 + fields]`.

        Raises:
            InputError: a record is not valid.
        """
        return {"input_ids": torch.tensor([self.schema.tokens(self.schema.parse(record)) for record in inputs])}

    def layout(self, record: Record, keys: int) -> Layout:
        """[CLS], then the fields by name; the same for every record."""
        return Layout(("[CLS]", *self.schema.names), (True,) + (False,) * len(self.schema.fields), unit="field")


def record_adapter(folder: Path, config: Any) -> RecordAdapter:
    """The adapter of the record classifier in a folder.

    Args:
        folder: the model's folder, with its `records.json`.
        config: the model's Transformers config.

    Raises:
        SubjectError: its schema is missing, damaged, or belongs to another model.
    """
    schema = load_schema(folder)
    labels = [str(label) for label in config.id2label.values()]
    if config.vocab_size != schema.vocabulary or schema.positive_label not in labels:
        raise SubjectError(f"The records.json of {folder.name} does not fit its model: copy both from the same place.")
    return RecordAdapter(schema)


def randomly_flipped(schema: RecordSchema, tokens: Tensor) -> Tensor:
    """Draw the protected attributes of encoded records anew, from PyTorch's generator.

    Args:
        schema: says which fields are protected and which tokens they have.
        tokens: int64 `[batch, 1 + fields]`, left as it is.

    Returns:
        A copy of `tokens` with a random value in each protected field; all are equally likely, the old one included.
    """
    drawn = tokens.clone()
    for attribute in schema.protected:
        key = schema.key(attribute.name)
        values = torch.randint(schema.category(attribute.name).tokens, (len(tokens),))
        drawn[:, key] = schema.first_tokens[key - 1] + values
    return drawn


def record_schema(subject: Subject) -> RecordSchema:
    """The schema of a subject for records. Raises `InputError` for any other subject."""
    if not isinstance(subject.adapter, RecordAdapter):
        raise InputError(f"{subject.name} takes no records but {subject.kind}s: choose a model for records.")
    return subject.adapter.schema
