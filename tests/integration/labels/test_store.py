"""The label store on SQLite and on PostgreSQL: nothing lost, nothing doubled, nothing overwritten."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from atpatch_core import Column
from atpatch_core.errors import LabelError
from atpatch_core.labels import (
    ColumnVerdict,
    LabelStore,
    NewAnswer,
    NewInput,
    Rest,
    State,
    SubjectRef,
    SuggestedColumn,
    Suggestion,
    Verdict,
    database,
)
from atpatch_core.labels.database import open_database
from atpatch_core.labels.schema import APPEND_ONLY, metadata
from atpatch_core.labels.statistics import statistics

from .conftest import KEYS, SUBJECT, queued

# Forked, not started anew: a fresh process would spend its seconds on importing torch.
FORK = get_context("fork")


def _answer(digest: str, annotator: str = "ada", state: State = State.SUBMITTED, **more: object) -> NewAnswer:
    verdicts = (
        ColumnVerdict(Column(0, 1, 49), Verdict.OVER_ATTENDED, 0.9921875),
        ColumnVerdict(Column(0, 1, 3), Verdict.UNSURE, None),
    )
    return NewAnswer(SUBJECT.fingerprint, digest, annotator, state, **{"verdicts": verdicts} | more)  # type: ignore[arg-type]


def test_the_migrations_make_exactly_the_tables_of_the_schema(store: LabelStore) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def _at(url: str, revision: str) -> sa.Engine:
    """A database as an older AtPatch left it."""
    LabelStore.open(url).close()
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg") if "postgresql" in url else url)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.text(f"DROP TABLE {table.name}"))
        connection.execute(sa.text("DROP TABLE alembic_version"))
        if engine.dialect.name == "postgresql":
            for table in APPEND_ONLY:
                connection.execute(sa.text(f"DROP FUNCTION {table}_append_only()"))
        config = Config()
        config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


def test_a_store_of_before_opens_and_its_answers_say_nothing_about_the_rest(url: str) -> None:
    engine = _at(url, "0001")
    new = NewInput(b"input 0", "image", KEYS)
    with engine.begin() as connection:
        for statement, values in (
            ("INSERT INTO subjects VALUES (1, :a, 'vit', 'image', '[4, 4]')", {"a": SUBJECT.fingerprint}),
            ("INSERT INTO contents VALUES (:a, 7, :b)", {"a": new.digest, "b": new.content}),
            ("INSERT INTO items VALUES (1, 1, :a, 50, 'input 0', '', NULL, 0)", {"a": new.digest}),
            (
                "INSERT INTO answers VALUES (1, :a, 1, 'ada', 1, 'submitted', 'v1', 0)",
                {"a": "00000000-0000-4000-8000-000000000000"},
            ),
            ("INSERT INTO verdicts VALUES (1, 0, 1, 49, 'benign', 0.25)", {}),
        ):
            connection.execute(sa.text(statement), values)
    engine.dispose()
    with LabelStore.open(url) as store:
        (old,) = store.answers(SUBJECT.fingerprint)
        assert (old.rest, old.suggestion_seen) == (Rest.UNJUDGED, None)
        assert old.verdicts == (ColumnVerdict(Column(0, 1, 49), Verdict.BENIGN, 0.25),)
        found = statistics(store, SUBJECT.fingerprint)
        assert (found.rest_benign, found.unjudged) == (0, 8 * KEYS - 1)
        saved = store.save(_answer(new.digest, rest=Rest.BENIGN, suggestion_seen=False))
        assert tuple(store.answers(SUBJECT.fingerprint)) == (saved,)
        for change in ("UPDATE answers SET rest = 'benign'", "DELETE FROM answers", "UPDATE verdicts SET score = 1"):
            with pytest.raises(sa.exc.DBAPIError, match="can only be added to"), store.engine.begin() as connection:
                connection.execute(sa.text(change))


@pytest.mark.parametrize("more", [{"rest": Rest.BENIGN, "suggestion_seen": True}, {"suggestion_seen": False}, {}])
def test_an_answer_comes_back_as_it_was_saved(store: LabelStore, more: dict[str, object]) -> None:
    (digest,) = queued(store, 1)
    new = _answer(digest, detector="v1", time=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), **more)
    saved = store.save(new)
    assert saved.revision == 1
    assert store.current(SUBJECT.fingerprint, digest, "ada") == saved
    assert {name: getattr(saved, name) for name in vars(new)} == vars(new)
    assert store.content(digest) == b"input 0"
    assert store.annotators() == ("ada",)


def test_a_change_is_a_further_revision_and_the_history_keeps_all(store: LabelStore) -> None:
    (digest,) = queued(store, 1)
    first = store.save(_answer(digest, state=State.DRAFT))
    second = store.save(_answer(digest))
    other = store.save(_answer(digest, "bo"))
    assert [one.revision for one in (first, second, other)] == [1, 2, 1]
    assert store.history(SUBJECT.fingerprint, digest) == (first, second, other)
    assert tuple(store.answers(SUBJECT.fingerprint)) == (second, other)
    assert tuple(store.all_answers()) == (first, second, other)


def test_an_answer_taken_back_counts_as_none(store: LabelStore) -> None:
    (digest,) = queued(store, 1)
    store.save(_answer(digest, state=State.DRAFT))
    assert store.queue(SUBJECT.fingerprint, "ada")[0].state is State.DRAFT
    store.save(_answer(digest, state=State.DRAFT, verdicts=()))
    assert store.queue(SUBJECT.fingerprint, "ada")[0].state is None
    assert tuple(store.answers(SUBJECT.fingerprint)) == ()


def test_the_database_itself_refuses_to_change_or_delete_an_answer(store: LabelStore) -> None:
    (digest,) = queued(store, 1)
    store.save(_answer(digest))
    for statement in (
        "UPDATE answers SET state = 'draft'",
        "UPDATE verdicts SET verdict = 'benign'",
        "DELETE FROM verdicts",
        "DELETE FROM answers",
    ):
        with pytest.raises(sa.exc.DBAPIError, match="can only be added to"), store.engine.begin() as connection:
            connection.execute(sa.text(statement))
    assert len(tuple(store.all_answers())) == 1


def test_the_same_token_is_saved_once(store: LabelStore) -> None:
    one, other = queued(store, 2)
    new = _answer(one)
    assert store.save(new) == store.save(new)
    assert len(tuple(store.all_answers())) == 1
    with pytest.raises(LabelError, match="token"):
        store.save(_answer(other, token=new.token))


@pytest.mark.parametrize("column", [Column(2, 0, 0), Column(0, 4, 0), Column(0, 0, KEYS), Column(-1, 0, 0)])
def test_a_column_that_the_subject_does_not_have_is_refused(store: LabelStore, column: Column) -> None:
    (digest,) = queued(store, 1)
    with pytest.raises(LabelError, match="There is no layer"):
        store.save(_answer(digest, verdicts=(ColumnVerdict(column, Verdict.BENIGN),)))
    assert not tuple(store.all_answers())


def test_an_input_that_nobody_queued_is_refused(store: LabelStore) -> None:
    with pytest.raises(LabelError, match="not in the subject's queue"):
        store.save(_answer("0" * 64))


def test_an_input_is_stored_once_for_all_subjects_and_the_store_is_bounded(url: str) -> None:
    with LabelStore.open(url, most_bytes=30) as store:
        new = NewInput(b"x" * 20, "image", KEYS)
        assert store.enqueue(SUBJECT, new)
        assert not store.enqueue(SUBJECT, new)
        assert store.enqueue(SubjectRef("other", "cd" * 32, "image", (4, 4)), new)
        with pytest.raises(LabelError, match="full"):
            store.enqueue(SUBJECT, NewInput(b"y" * 20, "image", KEYS))
        assert [one.name for one in store.subjects()] == ["vit", "other"]


def test_the_queue_puts_first_what_teaches_most(store: LabelStore) -> None:
    sure, unsure, drafted, done, disputed = queued(store, 5)
    column = SuggestedColumn(Column(0, 1, 49), 0.5)
    for digest, doubt in ((sure, 0.0), (unsure, 1.0), (drafted, 0.0), (done, 1.0), (disputed, 0.0)):
        store.suggest(SUBJECT.fingerprint, digest, Suggestion("v1", 0.5, doubt, (column,)))
    store.save(_answer(drafted, state=State.DRAFT))
    store.save(_answer(done))
    benign = (ColumnVerdict(Column(0, 1, 49), Verdict.BENIGN), ColumnVerdict(Column(0, 1, 3), Verdict.UNSURE))
    store.save(_answer(disputed, "bo"))
    store.save(_answer(disputed, "cy", verdicts=benign))
    queue = store.queue(SUBJECT.fingerprint, "ada", "v1")
    assert [entry.item.digest for entry in queue] == [drafted, unsure, disputed, sure, done]
    assert [entry.disagreement for entry in queue] == [0, 0, 0.5, 0, 0]
    assert [entry.state for entry in queue] == [State.DRAFT, None, None, None, State.SUBMITTED]
    assert [entry.answers for entry in queue] == [0, 0, 2, 0, 1]


def test_a_draft_that_only_calls_the_rest_benign_is_no_answer_taken_back(store: LabelStore) -> None:
    (digest,) = queued(store, 1)
    store.save(_answer(digest, state=State.DRAFT, verdicts=(), rest=Rest.BENIGN))
    assert store.queue(SUBJECT.fingerprint, "ada")[0].state is State.DRAFT
    store.save(_answer(digest, state=State.DRAFT, verdicts=()))
    assert store.queue(SUBJECT.fingerprint, "ada")[0].state is None


def test_the_rest_counts_where_annotators_disagree_about_an_input(store: LabelStore) -> None:
    (digest,) = queued(store, 1)
    store.save(_answer(digest, "bo"))
    store.save(_answer(digest, "cy", verdicts=(), rest=Rest.BENIGN))
    # Over-attended against the rest, and unsure against the rest.
    assert store.queue(SUBJECT.fingerprint, "ada")[0].disagreement == 1


def test_a_newer_detector_s_suggestion_goes_before_an_older_one_s(store: LabelStore) -> None:
    (digest,) = queued(store, 1)
    columns = (SuggestedColumn(Column(1, 2, 7), 0.25), SuggestedColumn(Column(1, 2, 8), None))
    old, new = Suggestion("v1", 0.5, 1.0, columns), Suggestion("v2", 0.75, 0.5, columns[:1])
    store.suggest(SUBJECT.fingerprint, digest, new)
    assert len(store.inputs(SUBJECT.fingerprint, without="v1")) == 1
    store.suggest(SUBJECT.fingerprint, digest, old)
    assert not store.inputs(SUBJECT.fingerprint, without="v1")
    assert store.suggestion(SUBJECT.fingerprint, digest, "v1") == old
    assert [store.queue(SUBJECT.fingerprint, "ada", name)[0].uncertainty for name in ("v1", "v2", "v3")] == [1, 0.5, 1]


def _annotate(url: str, annotator: str, digests: list[str], rounds: int) -> int:
    with LabelStore.open(url) as store:
        for number in range(rounds):
            for digest in digests:
                key = number % KEYS
                store.save(_answer(digest, annotator, verdicts=(ColumnVerdict(Column(0, 0, key), Verdict.BENIGN),)))
    return rounds * len(digests)


def test_eight_annotators_in_parallel_lose_and_double_nothing(url: str) -> None:
    """Eight processes, two of them under one name, as with two open browser windows."""
    with LabelStore.open(url) as store:
        digests = queued(store, 5)
    names = [f"annotator {number}" for number in range(7)] + ["annotator 0"]
    with ProcessPoolExecutor(8, mp_context=FORK) as pool:
        saved = list(pool.map(_annotate, [url] * 8, names, [digests] * 8, [8] * 8))
    with LabelStore.open(url) as store:
        answers = list(store.all_answers())
        assert len(answers) == len({one.token for one in answers}) == sum(saved) == 8 * 8 * 5
        for digest in digests:
            for name in set(names):
                mine = [one for one in store.history(SUBJECT.fingerprint, digest) if one.annotator == name]
                assert [one.revision for one in mine] == list(range(1, 8 * names.count(name) + 1))
                assert all(len(one.verdicts) == 1 for one in mine)
        assert len(list(store.answers())) == 5 * 7


def test_threads_share_one_store(store: LabelStore) -> None:
    (digest,) = queued(store, 1)
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda _: store.save(_answer(digest)).revision, range(40)))
    assert sorted(saved) == list(range(1, 41))


def test_many_processes_that_open_an_empty_database_migrate_it_once(url: str) -> None:
    with ProcessPoolExecutor(8, mp_context=FORK) as pool:
        assert list(pool.map(_annotate, [url] * 8, ["x"] * 8, [[]] * 8, [1] * 8)) == [0] * 8


def _write_for_ever(url: str, digest: str, announced: Connection) -> None:
    store = LabelStore.open(url)
    verdicts = tuple(ColumnVerdict(Column(0, 1, key), Verdict.BENIGN, 0.25) for key in range(20))
    while True:
        announced.send(store.save(_answer(digest, verdicts=verdicts)).token)


def test_a_writer_killed_twenty_times_loses_no_answer_that_it_was_told_is_saved(url: str) -> None:
    with LabelStore.open(url) as store:
        (digest,) = queued(store, 1)
    announced: list[str] = []
    for attempt in range(20):
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_write_for_ever, args=(url, digest, theirs))
        process.start()
        theirs.close()
        announced.append(ours.recv())
        time.sleep(0.0037 * attempt)  # another moment each time
        process.kill()
        process.join()
        with suppress(EOFError, OSError):
            while True:
                announced.append(ours.recv())
    with LabelStore.open(url) as store:
        stored = {one.token: one for one in store.all_answers()}
    assert set(announced) <= set(stored)
    assert all(len(one.verdicts) == 20 for one in stored.values())
    # At most the last answer of each process was saved without a word.
    assert len(announced) == len(set(announced)) >= len(stored) - 20
    assert sorted(one.revision for one in stored.values()) == list(range(1, len(stored) + 1))


def test_a_store_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(LabelError, match="newer AtPatch"):
        LabelStore.open(url)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "labels.sqlite"
    file.write_bytes(b"this is no database, but it is mine" * 100)
    before = file.read_bytes()
    with pytest.raises(LabelError, match="can't be opened"):
        LabelStore.open(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_an_older_file_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    file = tmp_path / "labels.sqlite"
    _at(f"sqlite:///{file}", "0001").dispose()
    LabelStore.open(f"sqlite:///{file}").close()
    (copy,) = tmp_path.glob("labels.sqlite.before-0001-*")
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


@pytest.mark.parametrize(
    "address", ["mysql://x/y", "nonsense", "sqlite://", "postgresql://127.0.0.1:1/none?connect_timeout=1"]
)
def test_an_address_that_leads_nowhere_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(LabelError):
        LabelStore.open(address)
