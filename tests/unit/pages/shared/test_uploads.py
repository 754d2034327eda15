"""The upload store: bounded, content-addressed, and deaf to hostile digests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atpatch_core.digest import digest_of, is_digest
from atpatch_core.errors import InputError
from pages.shared.uploads import UploadStore, clean_name


def _age(store: UploadStore, digest: str, seconds: int) -> None:
    os.utime(store.folder / digest, (seconds, seconds))


def test_what_is_put_in_comes_out_in_another_store_on_the_same_folder(tmp_path: Path) -> None:
    digest = UploadStore(tmp_path / "uploads").put(b"image")
    assert digest == digest_of(b"image")
    assert UploadStore(tmp_path / "uploads").get(digest) == b"image"


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    store = UploadStore(tmp_path)
    assert store.put(b"image") == store.put(b"image")
    assert len(list(tmp_path.iterdir())) == 1


def test_empty_content_is_content_too(tmp_path: Path) -> None:
    store = UploadStore(tmp_path)
    assert store.get(store.put(b"")) == b""


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 63,
        "a" * 65,
        "A" * 64,
        "g" * 64,
        "a" * 64 + "\n",
        "a" * 63 + "/",
        "\u0661" * 64,
        "..".ljust(64, "0"),
        "a" * 32 + "\0" + "a" * 31,
    ],
)
def test_a_hostile_digest_touches_no_path(tmp_path: Path, digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _path: pytest.fail("a path was opened"))
    assert not is_digest(digest)
    assert UploadStore(tmp_path).get(digest) is None


def test_an_unknown_digest_and_a_missing_folder_are_nothing(tmp_path: Path) -> None:
    assert UploadStore(tmp_path / "missing").get(digest_of(b"x")) is None


def test_a_damaged_or_exchanged_file_is_nothing(tmp_path: Path) -> None:
    store = UploadStore(tmp_path)
    digest = store.put(b"image")
    (tmp_path / digest).write_bytes(b"pictur")
    assert store.get(digest) is None
    store.put(b"image")
    assert store.get(digest) == b"image"


def test_beyond_the_number_of_files_the_oldest_goes(tmp_path: Path) -> None:
    store = UploadStore(tmp_path, most_files=2)
    first, second = store.put(b"1"), store.put(b"2")
    _age(store, first, 200)
    _age(store, second, 100)
    third = store.put(b"3")
    assert store.get(second) is None
    assert store.get(first) == b"1"
    assert store.get(third) == b"3"


def test_beyond_the_number_of_bytes_the_oldest_go(tmp_path: Path) -> None:
    store = UploadStore(tmp_path, most_bytes=10)
    old = [store.put(bytes([number]) * 4) for number in range(2)]
    for age, digest in enumerate(old):
        _age(store, digest, 100 + age)
    newest = store.put(b"n" * 9)
    assert [store.get(digest) for digest in old] == [None, None]
    assert store.get(newest) == b"n" * 9


def test_putting_a_file_again_makes_it_young(tmp_path: Path) -> None:
    store = UploadStore(tmp_path, most_files=2)
    first, second = store.put(b"1"), store.put(b"2")
    _age(store, first, 100)
    _age(store, second, 200)
    store.put(b"1")
    store.put(b"3")
    assert store.get(first) == b"1"
    assert store.get(second) is None


def test_what_is_larger_than_the_store_is_refused_and_drops_nothing(tmp_path: Path) -> None:
    store = UploadStore(tmp_path, most_bytes=10)
    kept = store.put(b"small")
    with pytest.raises(InputError, match="larger than the whole upload store"):
        store.put(b"x" * 11)
    assert store.get(kept) == b"small"


def test_files_that_are_not_uploads_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    store = UploadStore(tmp_path, most_files=1)
    store.put(b"1")
    store.put(b"2")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_failed_write_is_a_sentence_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        UploadStore(tmp_path).put(b"image")
    assert list(tmp_path.iterdir()) == []


def test_the_name_that_content_was_first_brought_under_is_kept(tmp_path: Path) -> None:
    digest = UploadStore(tmp_path).put(b"image", "boot.png")
    UploadStore(tmp_path).put(b"image", "other.png")
    UploadStore(tmp_path).put(b"image")
    assert UploadStore(tmp_path).name(digest) == "boot.png"
    assert UploadStore(tmp_path).get(digest) == b"image"


def test_content_that_had_no_name_gets_one_when_it_is_brought_with_one(tmp_path: Path) -> None:
    store = UploadStore(tmp_path)
    digest = store.put(b"text")
    assert store.name(digest) is None
    store.put(b"text", " \u202e\0 ")
    assert store.name(digest) is None
    store.put(b"text", "review.txt")
    assert store.name(digest) == "review.txt"
    assert store.name("../../etc/passwd") is None
    assert store.name("a" * 64) is None


def test_a_name_goes_with_its_content(tmp_path: Path) -> None:
    store = UploadStore(tmp_path, most_files=1)
    first = store.put(b"first", "first.png")
    _age(store, first, 1)
    second = store.put(b"second", "second.png")
    assert store.name(first) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [second, f"{second}.name"]


def test_a_name_that_was_changed_on_disk_is_cleaned_when_it_is_read(tmp_path: Path) -> None:
    store = UploadStore(tmp_path)
    digest = store.put(b"text", "review.txt")
    (tmp_path / f"{digest}.name").write_bytes(b"a\n\xffb\x00" + b"c" * 5_000)
    name = store.name(digest)
    assert name is not None
    assert len(name) == 60
    assert name.isprintable()


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("boot.png", "boot.png"),
        ("  a\tb\r\nc\0d.txt ", "a b c d.txt"),
        ("evil\u202egnp.exe", "evil gnp.exe"),
        ("\ud800.txt", ".txt"),
        ("<b>*x*</b>.png", "<b>*x*</b>.png"),
        ("caf\u0065\u0301.txt", "caf\u00e9.txt"),
        ("x" * 100 + ".png, edited", "x" * 43 + "\u2026" + "xxxx.png, edited"),
    ],
)
def test_a_name_is_one_line_that_can_be_seen_and_is_not_too_long(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned
    assert len(cleaned) <= 60
