"""What was found is for the input before a change: said while a person types, before the change is sent.

Streamlit hears of a typed text only when the field is left, and of a form only when it is submitted. So a script of
the page compares what stands in the fields with what is shown. The style sheet dims what follows meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

REGION = "typed"  # the key of the container of the fields
_KEY = "stale"

_JS = """
export default function (component) {
  const { data, parentElement } = component;
  const note = parentElement.querySelector("[role=status]");
  const even = (text) => text.replace(/\\r\\n?/g, "\\n").trim();
  const region = () => document.querySelector(".st-key-" + data.region);
  const changed = (field, shown) =>
    !shown.map(even).includes(even(field.value)) && !(field.matches("textarea") && !even(field.value));
  const check = () => {
    const fields = [...(region()?.querySelectorAll("textarea[aria-label], input[aria-label]") ?? [])];
    // While the page is drawn anew, its fields may not be there yet.
    const stale = fields.length === data.shown.length && fields.some((one, place) => changed(one, data.shown[place]));
    if (stale === note.hasAttribute("data-outdated") && !(stale && note.textContent !== data.told)) return;
    note.toggleAttribute("data-outdated", stale);
    note.textContent = stale ? data.told : "";
  };
  const press = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (!event.target.matches("textarea") || !region()?.contains(event.target)) return;
    // The field sends its text when it is told of the keys; the button comes after it.
    setTimeout(() => document.querySelector(`.st-key-${data.button} button`)?.click());
  };
  document.addEventListener("input", check);
  if (data.button) document.addEventListener("keydown", press);
  // Lists and the buttons beside numbers change fields without an event.
  const timer = setInterval(check, 250);
  check();
  return () => {
    clearInterval(timer);
    document.removeEventListener("input", check);
    document.removeEventListener("keydown", press);
  };
}
"""

# Not isolated, so that the style sheet of the page can see whether the mark is there.
_component = st.components.v2.component(
    "atpatch_stale", html='<div class="stale-note" role="status"></div>', js=_JS, isolate_styles=False
)


@dataclass(frozen=True)
class Typed:
    """The fields in the container `REGION` that need not hold what is shown.

    `shown` has the texts for each field, in order, with which it holds what is shown; `told` is what is said when it
    does not. Where a `button` (its key) is named, Ctrl+Enter in a text presses it.
    """

    shown: tuple[Sequence[str], ...]
    told: str
    button: str = ""


def show_stale(typed: Typed | None) -> None:
    """Watch the fields, and say when they no longer hold what is shown; without any there is nothing to watch."""
    if typed is None:
        return
    data = {
        "region": REGION,
        "shown": [list(one) for one in typed.shown],
        "told": typed.told,
        "button": typed.button,
    }
    with st.container(key=_KEY):
        _component(key=f"{_KEY}_mark", data=data)
