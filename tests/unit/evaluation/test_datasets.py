"""Labelled images from Parquet and from folders; whatever is wrong is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atpatch_core.errors import InputError
from atpatch_core.evaluation import datasets
from atpatch_core.evaluation.datasets import parse_labelled_images, read_labelled_images, write_labelled_images
from atpatch_core.subjects.image_files import as_array

from ...pictures import grey, png

_LABELS = ("T-shirt/top", "Trouser", "Bag")


def _table(path: Path, **columns: list[object]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("channels", [1, 3])
def test_images_and_labels_go_through_parquet_and_back(tmp_path: Path, channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 9, 7, channels), dtype=np.uint8)
    write_labelled_images(images, np.array([0, 1, 2, 2, 1, 0]), _LABELS, tmp_path / "a.parquet")
    read = read_labelled_images(tmp_path / "a.parquet", _LABELS)
    assert read.labels.tolist() == [0, 1, 2, 2, 1, 0]
    assert np.array_equal(np.stack([as_array(image) for image in read.images]), images)


def test_labels_may_be_numbers(tmp_path: Path) -> None:
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 2, label=[2, 0])
    assert read_labelled_images(path, _LABELS).labels.tolist() == [2, 0]


def test_a_folder_has_one_sub_folder_a_class_and_a_dash_for_a_slash(tmp_path: Path) -> None:
    for folder, name, seed in (("Bag", "b.png", 1), ("Bag", "a.PNG", 2), ("T-shirt-top", "x.png", 3)):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(png(grey(seed=seed)))
    (tmp_path / "Bag" / "notes.txt").write_text("not a picture")
    (tmp_path / "README").write_text("not a class")
    read = read_labelled_images(tmp_path, _LABELS)
    assert read.labels.tolist() == [2, 2, 0]
    assert [np.array_equal(np.asarray(image), grey(seed=s)) for image, s in zip(read.images, (2, 1, 3), strict=True)]


def test_what_is_not_there_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("image,label")
    for path in (tmp_path / "missing.parquet", tmp_path / "a.csv"):
        with pytest.raises(InputError, match="There are no images at"):
            read_labelled_images(path, _LABELS)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 and then nothing that makes sense PAR1"])
def test_a_damaged_parquet_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match="no readable Parquet"):
        read_labelled_images(tmp_path / "a.parquet", _LABELS)


def test_a_parquet_file_with_damaged_pages_is_refused(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28, 1), dtype=np.uint8)
    path = tmp_path / "a.parquet"
    write_labelled_images(images, np.zeros(50, dtype=int), _LABELS, path)
    content = bytearray(path.read_bytes())
    content[200:5_000] = b"\xff" * 4_800
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_labelled_images(path, _LABELS)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"picture": [b"x"], "label": ["Bag"]}, "needs the columns image and label"),
        ({"image": [], "label": []}, "holds no images"),
        ({"image": [b"x"], "label": ["Bag"]}, "Image 0 of a.parquet: This is not a PNG"),
        ({"image": ["text"], "label": ["Bag"]}, "Image 0 of a.parquet is not the bytes"),
        ({"image": [None], "label": ["Bag"]}, "Image 0 of a.parquet is not the bytes"),
        ({"image": [png(grey())], "label": ["Hat"]}, "label 'Hat' that the model does not know"),
        ({"image": [png(grey())], "label": [3]}, "label 3 that the model does not know"),
        ({"image": [png(grey())], "label": [-1]}, "label -1 that the model does not know"),
        ({"image": [png(grey())], "label": [None]}, "label None that the model does not know"),
    ],
)
def test_wrong_columns_pictures_and_labels_are_named(
    tmp_path: Path, columns: dict[str, list[object]], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        read_labelled_images(_table(tmp_path / "a.parquet", **columns), _LABELS)


def test_a_folder_without_images_or_with_an_unknown_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no images"):
        read_labelled_images(tmp_path, _LABELS)
    (tmp_path / "Hat").mkdir()
    (tmp_path / "Hat" / "a.png").write_bytes(png(grey()))
    with pytest.raises(InputError, match="'Hat'"):
        read_labelled_images(tmp_path, _LABELS)


def test_an_uploaded_file_is_read_like_one_on_disk(tmp_path: Path) -> None:
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 2, label=["Bag", "Trouser"])
    assert parse_labelled_images(path.read_bytes(), _LABELS).labels.tolist() == [2, 1]


def test_an_uploaded_file_with_too_many_pictures_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "MOST_UPLOADED", 1)
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 2, label=["Bag", "Trouser"])
    with pytest.raises(InputError, match="holds 2 pictures, more than the 1 that can be compared here"):
        parse_labelled_images(path.read_bytes(), _LABELS)


def test_an_upload_that_is_no_parquet_file_is_refused() -> None:
    with pytest.raises(InputError, match="no readable Parquet"):
        parse_labelled_images(b"PAR1 nonsense", _LABELS)
