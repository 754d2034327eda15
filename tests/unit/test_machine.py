"""Sharing the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from atpatch_core.machine import leave_cores_free, return_freed_memory
from tests.support.dashboard import ROOT


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (2, 1), (7, 3), (16, 8)])
def test_half_of_the_cores_and_at_least_one(monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    leave_cores_free()
    assert torch.get_num_threads() == threads


_HEAPS = """
import ctypes, sys, threading
from xml.etree import ElementTree
from pages.shared.memory import give_memory_back
if sys.argv[2] == "set":
    assert give_memory_back()
ready = threading.Barrier(12)
def fill():
    kept = [bytearray(1_000) for _ in range(100)]
    ready.wait()
threads = [threading.Thread(target=fill) for _ in range(12)]
[one.start() for one in threads]
[one.join() for one in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
print(len(ElementTree.parse(sys.argv[1]).findall("heap")))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Other C libraries have nothing to set.")
def test_many_threads_share_their_heaps(tmp_path: Path) -> None:
    # In processes of their own, as what is set holds until their end.
    heaps = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", _HEAPS, str(tmp_path / how), how],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for how in ("set", "unset")
    }
    assert heaps["set"] <= 2 < heaps["unset"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Other C libraries have nothing to hand back.")
def test_freed_memory_is_handed_back() -> None:
    assert return_freed_memory()


def test_a_c_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not return_freed_memory()
