"""Files that are there as a whole or not at all: whatever goes wrong, nothing half-written stays for good."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from atpatch_core.detector.networks import PerHead
from atpatch_core.detector.storage import save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.errors import DetectorError, InputError
from atpatch_core.files.whole_files import new_folder, replacing, scratch_folder, sweep, sweep_scratch, write_whole
from atpatch_core.subjects.detector_versions import save_version
from pages.shared.uploads import UploadStore
from tests.support.dashboard import ROOT

_LONG_AGO = 7_200


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _python(program: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that runs `program`; what it prints can be read."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def _killed(program: str, *arguments: str) -> None:
    """Run `program` until it prints a line, and kill it."""
    process = _python(program, *arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.kill()
    process.communicate()


_HALF = """
import sys, time
from pathlib import Path
from atpatch_core.files.whole_files import new_folder, replacing, scratch_folder
folder = Path(sys.argv[1])
if sys.argv[2] == "file":
    with replacing(folder / "out") as file:
        file.write(b"half")
        file.flush()
        print("writing", flush=True)
        time.sleep(600)
with (new_folder(folder / "out") if sys.argv[2] == "folder" else scratch_folder()) as inside:
    (inside / "half").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(600)
"""


def test_a_file_has_the_old_content_until_it_has_all_of_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert _names(tmp_path) == ["file"]


def test_an_exception_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    def write_half_a_file() -> None:
        with replacing(tmp_path / "file") as file:
            file.write(b"new")
            raise KeyboardInterrupt

    def write_half_a_folder() -> None:
        with new_folder(tmp_path / "folder") as folder:
            (folder / "one").write_text("1")
            raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(b"old")
    for write in (write_half_a_file, write_half_a_folder):
        with pytest.raises(KeyboardInterrupt):
            write()
    assert _names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_permissions_are_those_asked_for_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "usual", b"")
        write_whole(tmp_path / "mine", b"", 0o600)
        with new_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"usual": 0o640, "mine": 0o600, "folder": 0o750}


def test_a_link_is_followed_and_a_pipe_is_written_directly(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere" / "file")
    write_whole(link, b"content")
    assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_bytes() == b"content"
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"through")
    reader.join()
    assert read == [b"through"]
    assert pipe.is_fifo()


def test_a_folder_that_somebody_else_made_meanwhile_stays_theirs(tmp_path: Path) -> None:
    def write() -> None:
        with new_folder(tmp_path / "taken") as folder:
            (folder / "one").write_text("mine")
            (tmp_path / "taken").mkdir()
            (tmp_path / "taken" / "one").write_text("theirs")

    with pytest.raises(OSError, match="not empty"):
        write()
    assert _names(tmp_path) == ["taken"]
    assert (tmp_path / "taken" / "one").read_text() == "theirs"


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_killed_process_left_is_swept_at_once(tmp_path: Path, what: str) -> None:
    _killed(_HALF, str(tmp_path), what)
    assert len(_names(tmp_path)) == 1
    assert sweep(tmp_path) == 1
    assert _names(tmp_path) == []


def test_the_next_write_sweeps_too(tmp_path: Path) -> None:
    _killed(_HALF, str(tmp_path), "file")
    write_whole(tmp_path / "other", b"")
    assert _names(tmp_path) == ["other"]


def test_what_a_killed_process_left_among_temporary_files_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    _killed(_HALF, str(tmp_path), "scratch")
    (tmp_path / "atpatch-of-mine").mkdir()
    assert sweep_scratch() == 1
    with scratch_folder() as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        assert sweep_scratch() == 0
    assert _names(tmp_path) == ["atpatch-of-mine"]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_living_process_writes_is_left_alone_however_long_it_takes(tmp_path: Path, what: str) -> None:
    process = _python(_HALF, str(tmp_path), what)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        unfinished = next(tmp_path.iterdir())
        os.utime(unfinished, (1, 1))
        assert sweep(tmp_path) == 0
        assert unfinished.exists()
    finally:
        process.kill()
        process.communicate()


def test_many_who_write_and_sweep_at_once_lose_nothing(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(60):
                write_whole(tmp_path / f"{name}-{number}", name.encode())
                with new_folder(tmp_path / f"{name}-{number}-folder") as folder:
                    (folder / "one").write_text(name)
                sweep(tmp_path)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert len(_names(tmp_path)) == 4 * 60 * 2
    assert all((tmp_path / f"{name}-59-folder" / "one").read_text() == name for name in "abcd")


def test_a_sweep_follows_no_link_and_takes_nothing_that_is_not_ours(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("precious")
    folder = tmp_path / "swept"
    folder.mkdir()
    digits = "0123456789abcdef"
    (folder / f".writing-{digits}").symlink_to(outside)
    os.mkfifo(folder / f".writing-{digits[::-1]}")
    for name in ("notes.partial", ".writing-", ".writing-Mine!", f".writing-{digits}-kept", f"x.writing-{digits}"):
        (folder / name).write_text("mine")
        os.utime(folder / name, (1, 1))
    left = folder / f".writing-{'0' * 16}"
    left.mkdir()
    (left / "link").symlink_to(outside)
    before = _names(folder)
    assert sweep(folder) == 1
    assert _names(folder) == [name for name in before if name != left.name]
    assert (outside / "file").read_text() == "precious"


@pytest.mark.parametrize("name", [".writing-ab_cd012", ".detector.json.partial", ".status.json.4711", "pairs.partial"])
def test_names_that_were_used_before_there_were_locks_are_swept_after_an_hour(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("half")
    assert sweep(tmp_path) == 0
    os.utime(tmp_path / name, (time.time() - _LONG_AGO,) * 2)
    assert sweep(tmp_path) == 1


def test_a_folder_that_is_missing_has_nothing_to_be_swept(tmp_path: Path) -> None:
    assert sweep(tmp_path / "nowhere") == 0


def _detector() -> TrainedDetector:
    return TrainedDetector(
        "per-head", {0: PerHead(2, 5)}, (torch.zeros(2, 5, 5),) * 2, "mean", 0.5, (0,), fingerprint="ab" * 32
    )


def _save_upload(folder: Path) -> None:
    UploadStore(folder).put(b"x" * 20_000)


def _save_detector(folder: Path) -> None:
    save_detector(_detector(), folder)


def _save_version(folder: Path) -> None:
    save_version(_detector(), folder, "v2")


@pytest.mark.parametrize("save", [_save_upload, _save_detector, _save_version])
def test_a_full_disk_is_a_sentence_and_leaves_nothing_half_written(
    tmp_path: Path, save: Callable[[Path], object]
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # no file may be larger than 100 bytes
    try:
        with pytest.raises((InputError, DetectorError), match="File too large"):
            save(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not list(tmp_path.rglob(".writing-*"))
