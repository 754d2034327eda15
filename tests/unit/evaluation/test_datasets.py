"""Labelled images from Parquet and from folders; whatever is wrong is said in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atpatch_core import limits
from atpatch_core.errors import InputError
from atpatch_core.evaluation.datasets import (
    parse_labelled_images,
    read_images,
    read_labelled_images,
    write_labelled_images,
)
from atpatch_core.subjects.image_files import as_array
from tests.support.image_files import grey, png

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
    (tmp_path / "Bag" / "notes.txt").write_text("not an image")
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
        ({"image": [b"x"], "label": ["Bag"]}, "Image 1 of a.parquet: This is not a PNG"),
        ({"image": ["text"], "label": ["Bag"]}, "Image 1 of a.parquet is not the bytes"),
        ({"image": [None], "label": ["Bag"]}, "Image 1 of a.parquet is not the bytes"),
        ({"image": [png(grey())], "label": ["Hat"]}, "label 'Hat' that the model does not know"),
        ({"image": [png(grey())], "label": [3]}, "label 3 that the model does not know"),
        ({"image": [png(grey())], "label": [-1]}, "label -1 that the model does not know"),
        ({"image": [png(grey())], "label": [None]}, "label None that the model does not know"),
    ],
)
def test_wrong_columns_images_and_labels_are_named(
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


def test_an_uploaded_file_with_too_many_images_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TABLES", replace(limits.TABLES, uploaded_rows=1))
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 2, label=["Bag", "Trouser"])
    with pytest.raises(InputError, match="holds 2 images, more than the 1 that can be compared here"):
        parse_labelled_images(path.read_bytes(), _LABELS)


def test_an_upload_that_is_no_parquet_file_is_refused() -> None:
    with pytest.raises(InputError, match="no readable Parquet"):
        parse_labelled_images(b"PAR1 nonsense", _LABELS)


def test_sound_rows_are_kept_and_every_other_one_is_told(tmp_path: Path) -> None:
    images = [png(grey(seed=1)), b"no image", png(grey(seed=2)), png(grey(seed=3)), None]
    path = _table(tmp_path / "a.parquet", image=images, label=["Bag", "Bag", "Hat", "Trouser", "Bag"])
    read = read_labelled_images(path, _LABELS)
    assert read.labels.tolist() == [2, 1]
    assert [np.asarray(image).tolist() for image in read.images] == [grey(seed=1).tolist(), grey(seed=3).tolist()]
    assert [one.row for one in read.left_out] == [2, 3, 5]
    assert all(one.reason.startswith(f"Image {one.row} of a.parquet") for one in read.left_out)
    assert [one.row for one in read_images(path).left_out] == [2, 5]


def test_what_only_has_the_name_of_an_image_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "Bag"
    (folder / "a folder.png").mkdir(parents=True)
    (folder / "b.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "c.png").write_bytes(png(grey()))
    read = read_labelled_images(tmp_path, _LABELS)
    assert len(read) == 1
    for left_out in (read.left_out, read_images(tmp_path).left_out):
        assert [one.reason for one in left_out] == [
            "Bag/a folder.png is a folder, not an image file: rename it.",
            "Bag/b.png is a link to a file that is not there: remove it.",
        ]
    (folder / "c.png").unlink()
    for read_all in (read_images, lambda path: read_labelled_images(path, _LABELS)):
        with pytest.raises(InputError, match=r"a folder, not an image file.* The 1 other row"):
            read_all(tmp_path)


def test_images_of_too_many_pixels_in_all_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IMAGES", replace(limits.IMAGES, pixels_in_all=2_000))
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 3, label=["Bag"] * 3)
    with pytest.raises(InputError, match="more than 2,000 pixels in all"):
        read_labelled_images(path, _LABELS)


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TABLES", replace(limits.TABLES, unpacked=50_000))
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 100, label=["Bag"] * 100)
    assert path.stat().st_size < 10_000
    with pytest.raises(InputError, match="unpacks to more than 50,000 bytes"):
        read_labelled_images(path, _LABELS)


def test_a_column_of_truth_values_names_no_class_by_its_number(tmp_path: Path) -> None:
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 2, label=[True, False])
    with pytest.raises(InputError, match="label True that the model does not know"):
        read_labelled_images(path, _LABELS)
    assert read_labelled_images(path, ("False", "True")).labels.tolist() == [1, 0]


def test_classes_of_the_same_name_are_told_apart_by_their_numbers_only(tmp_path: Path) -> None:
    twins = ("Bag", "Trouser", "Bag")
    named = _table(tmp_path / "named.parquet", image=[png(grey())] * 2, label=["Bag", "Trouser"])
    read = read_labelled_images(named, twins)
    assert read.labels.tolist() == [1]
    assert "2 classes of this name" in read.left_out[0].reason
    counted = _table(tmp_path / "counted.parquet", image=[png(grey())] * 2, label=[2, 0])
    assert read_labelled_images(counted, twins).labels.tolist() == [2, 0]


def test_a_folder_that_may_be_one_of_two_classes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a-b").mkdir()
    (tmp_path / "a-b" / "x.png").write_bytes(png(grey()))
    with pytest.raises(InputError, match="may be any of 2 classes"):
        read_labelled_images(tmp_path, ("a/b", "a-b"))


def test_a_number_that_is_also_the_name_of_another_class_is_refused(tmp_path: Path) -> None:
    path = _table(tmp_path / "a.parquet", image=[png(grey())] * 2, label=[1, 2])
    with pytest.raises(InputError, match="can't be told whether"):
        read_labelled_images(path, ("1", "2", "3"))
    assert read_labelled_images(path, ("0", "1", "2")).labels.tolist() == [1, 2]
    names = _table(tmp_path / "b.parquet", image=[png(grey())] * 2, label=["1", "2"])
    assert read_labelled_images(names, ("1", "2", "3")).labels.tolist() == [0, 1]
