"""Where labelled data come from: the model's own evaluation data, or a file that is uploaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import streamlit as st

from atpatch_core import AtPatchError, limits
from atpatch_core.files.kept import LeftOut
from pages.shared import address
from pages.shared.left_out import show_left_out
from pages.shared.markdown import plain
from pages.shared.resources import uploads


class ReadRows(Protocol):
    """Data of which some rows may have been left out."""

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Which ones, and why."""
        ...

    def __len__(self) -> int:
        """How many rows there are."""
        ...


Data = TypeVar("Data", bound=ReadRows)
_SOURCE = "evaluate_source"
_FILE = "evaluate_file"
_DIGEST = "evaluate_upload"
_OWN, _UPLOADED = "Its own evaluation data", "A file of mine"


@dataclass(frozen=True)
class Source(Generic[Data]):
    """Labelled `data`; `upload` is the digest of the file they came in, empty for the model's own."""

    data: Data
    upload: str = ""


@dataclass(frozen=True)
class Readers(Generic[Data]):
    """How to read data of one kind: the model's `own` file by `read`, an upload's bytes and digest by `parse`, if any.

    Both may raise `AtPatchError`. `label` says what files can be uploaded, and `columns` what must be in them.
    """

    own: Path
    read: Callable[[Path], Data]
    parse: Callable[[bytes, str], Data] | None
    label: str
    columns: str


def chosen_source(what: str, readers: Readers[Data]) -> Source[Data] | None:
    """The widgets, and the data chosen in them; `None`, with the reason on the page, without any."""
    if readers.parse is None:
        return _read_or_explain(lambda: _own(readers))
    parse = readers.parse
    key = address.widget(_SOURCE, _first_source)
    source = st.segmented_control(what, [_OWN, _UPLOADED], key=key, required=True)
    return _read_or_explain(lambda: _own(readers) if source == _OWN else _uploaded(readers, parse))


def _first_source() -> str:
    """The uploaded file that the address names, or else the model's own data; not what an earlier visit had."""
    st.session_state[_DIGEST] = address.parameter("data")
    return _UPLOADED if st.session_state[_DIGEST] else _OWN


def _read_or_explain(read: Callable[[], Source[Data] | None]) -> Source[Data] | None:
    try:
        found = read()
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None
    if found is not None:
        show_left_out(found.data.left_out, len(found.data))
    return found


def forget_source() -> None:
    """Another model has other data."""
    for key in (_SOURCE, _FILE, _DIGEST):
        st.session_state.pop(key, None)


def _own(readers: Readers[Data]) -> Source[Data] | None:
    if not readers.own.is_file():
        instead = "use `atpatch evaluate` with texts of yours" if readers.parse is None else "choose a file of yours"
        st.info(f"This model comes with no evaluation data of its own: {instead}.", icon=":material/info:")
        return None
    return Source(readers.read(readers.own))


def _uploaded(readers: Readers[Data], parse: Callable[[bytes, str], Data]) -> Source[Data] | None:
    file = st.file_uploader(readers.label, max_upload_size=limits.UPLOADS.megabytes, key=_FILE, help=readers.columns)
    if file is not None:
        st.session_state[_DIGEST] = uploads().put(file.getvalue())
    digest: str = st.session_state.get(_DIGEST, "")
    if not digest:
        return None
    content = uploads().get(digest)
    if content is None:
        st.info("The file of this address is no longer kept here: upload it again.", icon=":material/history:")
        return None
    return Source(parse(content, digest), digest)
