"""What is different on the page from one kind of input to another: one module for each kind."""

from __future__ import annotations

from typing import Protocol

from atpatch_core import Inspection
from pages.components.stale.stale import Typed
from pages.shared.resources import OpenInput, OpenSubject
from pages.shared.triage_address import View
from pages.triage import image_view, record_view, text_view


class InputView(Protocol):
    """How a person brings, sees and understands one kind of input.

    `SOURCES` are the ways to bring one, beside choosing a sample; `EXPLANATION`
    says in Markdown how a model reads it, and what AtPatch can't see; `HIJACKED` names what is wrong in two words, and
    `CULPRIT` who makes the model answer as it does.
    """

    @property
    def SOURCES(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """The ways to bring one."""
        ...

    @property
    def EXPLANATION(self) -> str:  # noqa: N802
        """How a model reads it, in Markdown."""
        ...

    @property
    def HIJACKED(self) -> str:  # noqa: N802
        """What is wrong with an input that is flagged and answered otherwise once it is repaired."""
        ...

    @property
    def CULPRIT(self) -> str:  # noqa: N802
        """What makes the model answer as it does."""
        ...

    def show_source(self, source: str, opened: OpenSubject) -> None:
        """The widgets of one of `SOURCES`."""
        ...

    def typed(self, source: str, opened: OpenSubject, opened_input: OpenInput) -> Typed | None:
        """The fields of one of `SOURCES` that need not hold what is shown, if it has any."""
        ...

    def show_input(self, view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
        """The input, with what is flagged marked by more than colour."""
        ...

    def decided_by_flags(
        self, view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection
    ) -> bool:
        """Whether what is flagged decides the answer."""
        ...

    def show_small(self, opened_input: OpenInput, inspection: Inspection) -> None:
        """The input beside another one, with no widgets."""
        ...


_VIEWS: dict[str, InputView] = {"image": image_view, "text": text_view, "record": record_view}


def view_of(kind: str) -> InputView:
    """The view of a kind of input ("image", "text", "record")."""
    return _VIEWS[kind]
