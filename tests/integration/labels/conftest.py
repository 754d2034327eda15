"""A label store in SQLite, and one in a PostgreSQL that the tests start themselves."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import psycopg
import pytest

from atpatch_core.labels import LabelStore, NewInput, SubjectRef

SUBJECT = SubjectRef("vit", "ab" * 32, "image", (4, 4))
KEYS = 50


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    candidates = [*found[::-1], *(Path(shutil.which("initdb") or "/none").parent,)]
    return next((path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def _has_user() -> bool:
    return subprocess.run(["id", "postgres"], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL cluster on loopback, in a folder of its own."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian's package `postgresql`), so only SQLite is tested.")
    as_user: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("runuser") is None or not _has_user():
            pytest.skip("PostgreSQL does not run as root and there is no user postgres, so only SQLite is tested.")
        as_user = ["runuser", "-u", "postgres", "--"]
    with tempfile.TemporaryDirectory(prefix="atpatch-postgresql-") as name, socket.socket() as one:
        folder, data = Path(name), Path(name) / "data"
        if as_user:
            shutil.chown(folder, "postgres")
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        one.close()

        def run(program: str, *arguments: str) -> None:
            command = [*as_user, str(programs / program), "-D", str(data), *arguments]
            done = subprocess.run(command, check=False, cwd="/", stdout=subprocess.DEVNULL, stderr=PIPE, timeout=60)
            assert done.returncode == 0, done.stderr

        run("initdb", "-U", "atpatch", "--auth=trust", "-E", "UTF8", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c max_connections=100 -c fsync=off"
        run("pg_ctl", "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql://atpatch@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-m", "fast", "-w", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'labels.sqlite'}"
    server = request.getfixturevalue("postgresql")
    name = f"labels_{abs(hash(str(tmp_path)))}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


@pytest.fixture
def store(url: str) -> Iterator[LabelStore]:
    """An empty store of each kind."""
    with LabelStore.open(url) as opened:
        yield opened


def queued(store: LabelStore, count: int) -> list[str]:
    """Put `count` inputs into the queue of `SUBJECT`; returns their digests."""
    new = [NewInput(f"input {number}".encode(), "image", KEYS, f"input {number}") for number in range(count)]
    for one in new:
        store.enqueue(SUBJECT, one)
    return [one.digest for one in new]
