"""What identifies a view of the Triage page, and how it is written into an address, from whichever page.

    ?subject=fashion-vit-badnets&sample=trigger-1&layer=0&head=1&patch=on&threshold=0.5&columns=0.1.49_2.0.3
    &reference=fashion-vit-clean/sample/trigger-1&parent=fashion-vit-badnets/upload/0f3c...
    &detector=shipped+1a2b3c4d

Parsing checks the form only; whether a subject, sample or head exists is for the page to find out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from atpatch_core import limits
from atpatch_core.column import Column
from atpatch_core.digest import is_digest
from pages.shared.markdown import quoted

_NUMBER = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Seen:
    """An input in a subject: a sample by its id, or an upload by its SHA-256. In an address "SUBJECT/sample/ID"."""

    subject: str
    sample: str | None = None
    upload: str | None = None

    def __str__(self) -> str:
        return f"{self.subject}/upload/{self.upload}" if self.upload else f"{self.subject}/sample/{self.sample}"


@dataclass(frozen=True)
class View:
    """One view. `None` means: the page chooses (first subject, first triggered sample, first flagged map, calibrated
    threshold, active detector). An `upload` (a SHA-256) goes before a `sample`. `reference` is what the view is
    compared with; `parent` is what the input was made from, if it is an edited copy; `detector` is a version with the
    first digits of its files' SHA-256.
    """

    subject: str | None = None
    sample: str | None = None
    upload: str | None = None
    layer: int | None = None
    head: int | None = None
    threshold: float | None = None
    patch: bool = False
    columns: tuple[Column, ...] = ()
    hide_special: bool = False
    whole_words: bool = False
    reference: Seen | None = None
    parent: Seen | None = None
    detector: str | None = None

    @property
    def seen(self) -> Seen | None:
        """The input of this view in its subject, once both are chosen."""
        if self.subject is None or (self.sample is None and self.upload is None):
            return None
        return Seen(self.subject, None if self.upload else self.sample, self.upload)


def to_params(view: View) -> dict[str, str]:
    """The query parameters that lead back to `view`."""
    params: dict[str, str] = {}
    if view.subject is not None:
        params["subject"] = view.subject
    if view.upload is not None:
        params["upload"] = view.upload
    elif view.sample is not None:
        params["sample"] = view.sample
    if view.layer is not None and view.head is not None:
        params |= {"layer": str(view.layer), "head": str(view.head)}
    if view.threshold is not None:
        params["threshold"] = f"{view.threshold:g}"
    params["patch"] = "on" if view.patch else "off"
    if view.columns:
        params["columns"] = "_".join(f"{column.layer}.{column.head}.{column.key}" for column in view.columns)
    if view.hide_special:
        params["special"] = "hidden"
    if view.whole_words:
        params["words"] = "whole"
    if view.reference is not None:
        params["reference"] = str(view.reference)
    if view.parent is not None and view.upload is not None:
        params["parent"] = str(view.parent)
    if view.detector is not None:
        params["detector"] = view.detector
    return params


def from_params(params: Mapping[str, str]) -> tuple[View, tuple[str, ...]]:
    """The view that query parameters ask for, and a sentence for each part that could not be understood."""
    notices: list[str] = []

    def refuse(name: str, instead: str) -> None:
        notices.append(f"The link asks for {name} {quoted(params[name])}, which is not valid: {instead}.")

    upload = params.get("upload")
    if upload is not None and not is_digest(upload):
        refuse("upload", "showing a sample")
        upload = None
    layer, head = _number(params.get("layer")), _number(params.get("head"))
    for name, value in (("layer", layer), ("head", head)):
        if name in params and value is None:
            refuse(name, "choosing one")
    if ("layer" in params) != ("head" in params) and (layer is not None or head is not None):
        notices.append("The link names a layer without a head, or a head without a layer: choosing a map.")
    if layer is None or head is None:
        layer = head = None
    threshold = _threshold(params.get("threshold"))
    if "threshold" in params and threshold is None:
        refuse("threshold", "using the calibrated one")
    if params.get("patch", "off") not in ("on", "off"):
        refuse("patch", "AtPatch stays off")
    columns = _columns(params.get("columns", ""))
    if columns is None:
        refuse("columns", "no column is chosen by hand")
    reference, parent = _seen(params.get("reference")), _seen(params.get("parent"))
    if "reference" in params and reference is None:
        refuse("reference", "nothing is compared")
    if "parent" in params and parent is None:
        refuse("parent", "it is shown as any other input")
    names: dict[str, str | None] = {}
    for name in ("subject", "sample", "detector"):
        names[name] = params.get(name) or None
        if len(params.get(name, "")) > limits.ADDRESSES.name:
            refuse(name, "choosing one")
            names[name] = None
    view = View(
        subject=names["subject"],
        sample=names["sample"],
        upload=upload,
        layer=layer,
        head=head,
        threshold=threshold,
        patch=params.get("patch") == "on",
        columns=columns or (),
        hide_special=params.get("special") == "hidden",
        whole_words=params.get("words") == "whole",
        reference=reference,
        parent=parent if upload is not None else None,
        detector=names["detector"],
    )
    return view, tuple(notices)


def _number(text: str | None) -> int | None:
    if text is None or len(text) > limits.ADDRESSES.digits or not _NUMBER.fullmatch(text):
        return None
    return int(text)


def _seen(text: str | None) -> Seen | None:
    parts = (text or "").split("/", 2)
    if len(parts) != 3 or not all(parts) or max(map(len, parts)) > limits.ADDRESSES.name:
        return None
    subject, kind, name = parts
    if kind == "sample":
        return Seen(subject, sample=name)
    return Seen(subject, upload=name) if kind == "upload" and is_digest(name) else None


def _threshold(text: str | None) -> float | None:
    if text is None or len(text) > limits.ADDRESSES.name or not _DECIMAL.fullmatch(text):
        return None
    value = float(text)
    return abs(value) if 0 <= value <= 1 else None


def _columns(text: str) -> tuple[Column, ...] | None:
    if not text:
        return ()
    columns = set()
    if len(text) > limits.ADDRESSES.characters:
        return None
    for part in text.split("_", limits.ADDRESSES.columns):
        numbers = [_number(number) for number in part.split(".")]
        if len(numbers) != 3 or None in numbers:
            return None
        layer, head, key = (number or 0 for number in numbers)
        columns.add(Column(layer, head, key))
    return tuple(sorted(columns))
