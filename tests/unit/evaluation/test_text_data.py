"""Labelled texts: both formats give the same data, and every fault is named in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atpatch_core.errors import InputError
from atpatch_core.evaluation.text_data import read_labelled_texts, write_labelled_texts

LABELS = ("negative", "positive")
TEXTS = ['He said "no", twice.', "line\nbreak", "\u0645\u0631\u062d\u0628\u0627 \U0001f600"]


def test_parquet_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    write_labelled_texts(TEXTS, np.array([0, 1, 1]), LABELS, path)
    data = read_labelled_texts(path, LABELS)
    assert data.texts == TEXTS
    assert data.labels.tolist() == [0, 1, 1]


def test_csv_takes_names_and_numbers_and_quoted_text(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_bytes(b'\xef\xbb\xbfid,text,label\r\n1,"He said ""no"", twice.",negative\r\n2,"line\nbreak",1\r\n')
    data = read_labelled_texts(path, LABELS)
    assert data.texts == TEXTS[:2]
    assert data.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no texts"),
        (b"text,label\n", "holds no texts"),
        (b"words,label\na,negative\n", "needs the columns text and label"),
        (b"text,label\na,neutral\n", "'neutral'"),
        (b"text,label\na,2\n", "'2'"),
        (b"text,label\na,-1\n", "'-1'"),
        (b"text,label\na\n", "'None'"),
        (b"text,label\na,negative\n,negative\n", "Text 2"),
        ("text,label\nd\u00e9j\u00e0,negative\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_faulty_csv_is_refused_in_one_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "texts.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        read_labelled_texts(path, LABELS)


def test_a_faulty_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="no readable Parquet"):
        read_labelled_texts(path, LABELS)
    pq.write_table(pa.table({"text": pa.array([1, 2]), "label": ["negative", "positive"]}), path)
    with pytest.raises(InputError, match="no text"):
        read_labelled_texts(path, LABELS)


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There are no texts"):
        read_labelled_texts(tmp_path / "none.csv", LABELS)
