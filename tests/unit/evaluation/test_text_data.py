"""Labelled texts: both formats give the same data, and every fault is named in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atpatch_core.errors import InputError
from atpatch_core.evaluation.text_data import read_labelled_texts, read_texts, write_labelled_texts

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
        (b"text,label\na\n", "Text 1 of texts.csv has 1 value for 2 fields"),
        (b"text,label\na,b,negative\n", "Text 1 of texts.csv has 3 values for 2 fields"),
        (b"text,text,label\na,b,negative\n", "twice"),
        (b"text,label\n,negative\n", "Text 1"),
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


def test_sound_rows_are_kept_and_every_other_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_bytes(b'text,label\na,negative\n,negative\nb,neutral\n"c"d,1\n\nd,1\n"never closed,1\ne,1\n')
    data = read_labelled_texts(path, LABELS)
    assert data.texts == ["a", "d"]
    assert data.labels.tolist() == [0, 1]
    assert [one.row for one in data.left_out] == [2, 3, 4, 6]
    assert all(one.reason.startswith(f"Text {one.row} of texts.csv") for one in data.left_out)
    assert "'neutral'" in data.left_out[1].reason
    assert "nothing after it is read" in data.left_out[3].reason
    assert [one.row for one in read_texts(path).left_out] == [2, 4, 6]


def test_a_row_that_is_no_utf_8_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    texts = pa.array([b"a fine film", b"\xff\xfe", b"a dull film"]).view(pa.string())
    pq.write_table(pa.table({"text": texts, "label": [1, 1, 0]}), path)
    data = read_labelled_texts(path, LABELS)
    assert (data.texts, data.labels.tolist()) == (["a fine film", "a dull film"], [1, 0])
    assert [(one.row, "UTF-8" in one.reason) for one in data.left_out] == [(2, True)]
    assert read_texts(path) == data.texts
