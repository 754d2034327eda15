"""What the maps on the page depend on, for the caches of what is drawn from them."""

from __future__ import annotations

from pages.shared.resources import OpenInput, OpenSubject
from pages.shared.triage_address import View


def maps_key(view: View, opened: OpenSubject, opened_input: OpenInput) -> tuple[object, ...]:
    """What the maps on the page depend on, whether AtPatch is on or off: for the caches of what is drawn from them."""
    return opened.key, opened_input.digest, view.threshold, view.columns, view.whole_words
