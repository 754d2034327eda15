"""Open the label store's database: a SQLite file by default, PostgreSQL if `ATPATCH_DATABASE_URL` says so.

Opening brings the tables up to date (Alembic, `migrations/`). Only one process migrates at a time, the others wait; all
steps happen in one transaction, so that a killed migration leaves the old tables; and a SQLite file that holds
something is copied beside itself first.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from ..errors import LabelError

DEFAULT_FILE = Path(".atpatch") / "labels.sqlite"
_MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE = 30.0  # seconds to wait for another process' transaction
_TRIES = 12
_ADVISORY_LOCK = 4_170_721_695  # any number, the same in every process
_RETRIED_STATES = ("40001", "40P01", "55P03")  # PostgreSQL: serialization, deadlock, lock not available
_alembic = threading.Lock()  # its environment is one per process

T = TypeVar("T")


class StoreUnavailableError(LabelError):
    """The database does not answer, or refuses: what was asked for may succeed later."""


def database_url(default_file: Path = DEFAULT_FILE) -> str:
    """`ATPATCH_DATABASE_URL`, or the SQLite file `default_file`."""
    return os.environ.get("ATPATCH_DATABASE_URL") or f"sqlite:///{default_file.absolute()}"


def open_database(url: str) -> sa.Engine:
    """Connect and bring the tables up to date.

    Args:
        url: of a SQLite file or a PostgreSQL database.

    Raises:
        LabelError: the database can't be used.
    """
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError as error:
        raise LabelError("The database's address can't be read: write postgresql://USER@HOST/NAME.") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = _sqlite(parsed)
    elif backend == "postgresql":
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args={"connect_timeout": 10}
        )
    else:
        raise LabelError(f"Labels are kept in SQLite or PostgreSQL, not in {backend}: change ATPATCH_DATABASE_URL.")
    try:
        _retried(lambda: _migrate(engine))
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        where = parsed.database if backend == "sqlite" else f"{parsed.host}/{parsed.database}"
        raise StoreUnavailableError(
            f"The label store {where} can't be opened ({_reason(error)}): check it and try again."
        ) from error
    except LabelError:
        engine.dispose()
        raise
    return engine


def read(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    """Do `work` in one transaction that sees one state of the database. Raises `StoreUnavailableError`."""

    def once() -> T:
        with engine.connect() as connection, connection.begin():
            return work(connection)

    return _guarded(once)


def write(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    """Do `work` in one transaction, all or nothing, and again when other writers interfered.

    Args:
        engine: the database.
        work: gets the connection; it may be called more than once.

    Raises:
        StoreUnavailableError: the database does not answer, or refuses.
    """

    def once() -> T:
        with engine.connect().execution_options(atpatch_writes=True) as connection, connection.begin():
            return work(connection)

    return _guarded(once)


def _guarded(once: Callable[[], T]) -> T:
    try:
        return _retried(once)
    except SQLAlchemyError as error:
        sentence = f"The label store can't be used ({_reason(error)}): check it and try again."
        raise StoreUnavailableError(sentence) from error


def _retried(once: Callable[[], T]) -> T:
    for attempt in range(_TRIES):
        try:
            return once()
        except (OperationalError, IntegrityError, DBAPIError) as error:
            if attempt == _TRIES - 1 or not _passing(error):
                raise
            time.sleep(random.uniform(0.005, 0.02) * 2 ** min(attempt, 6))
    raise AssertionError("unreachable")


def _passing(error: DBAPIError) -> bool:
    """Whether the same work may succeed when it is done again."""
    if isinstance(error, IntegrityError):
        return "unique" in str(error.orig).lower()  # someone else took the number meanwhile
    if isinstance(error.orig, sqlite3.OperationalError):
        return any(word in str(error.orig) for word in ("locked", "busy"))
    return getattr(error.orig, "sqlstate", None) in _RETRIED_STATES or error.connection_invalidated


def _reason(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return (str(original).strip().split("\n")[0] or type(original).__name__)[:200].rstrip(".")


def _sqlite(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise LabelError("Labels need a file to be kept in: write sqlite:////FOLDER/labels.sqlite.")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabelError(f"The folder {Path(url.database).parent} can't be made: name another one.") from error
    engine = sa.create_engine(url, connect_args={"timeout": _PATIENCE})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, DDL included
        for setting in ("busy_timeout = 30000", "journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
            connection.execute(f"PRAGMA {setting}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A writer takes the lock at once: a reader that turns writer could only fail.
        writes = connection.get_execution_options().get("atpatch_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _migrate(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with engine.connect() as connection, connection.begin():
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise LabelError(
            "The label store was made by a newer AtPatch than this one: update AtPatch, or name another database."
        )
    if current is not None and engine.dialect.name == "sqlite":
        _back_up(Path(str(engine.url.database)), current)
    with _alembic, engine.connect().execution_options(atpatch_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")  # nothing to do if another process was faster


def _back_up(file: Path, revision: str) -> None:
    copy = file.with_name(f"{file.name}.before-{revision}-{time.time_ns()}")
    source, target = sqlite3.connect(file, timeout=_PATIENCE), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
