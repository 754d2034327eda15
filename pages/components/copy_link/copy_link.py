"""A button that copies the address of the page, which holds the whole view."""

from __future__ import annotations

from pages.components.files import component_of

_HTML = """
<button type="button">Copy link</button>
<span role="status" aria-live="polite"></span>
<input type="text" readonly aria-label="Link to this view" hidden>
"""


# Pages that are not served over HTTPS or from this machine may not use the clipboard: then the link is there to select.

_component = component_of(__file__, _HTML)


def copy_link(key: str) -> None:
    """Show the button."""
    _component(key=key)
