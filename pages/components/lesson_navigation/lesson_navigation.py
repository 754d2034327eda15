"""The steps of the tour as buttons, and the arrow keys of a keyboard or a presenter's clicker.

The titles are ours, and are written with `textContent` and `setAttribute` only. The keys are left alone wherever they
mean something already: in sliders, fields, menus and maps. Page Up and Page Down, which clickers send, always work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

_HTML = """
<nav aria-label="Steps of the tour">
  <button type="button" class="before" aria-label="Previous step">\u2190</button>
  <ol></ol>
  <button type="button" class="after" aria-label="Next step">Next \u2192</button>
</nav>
"""

_CSS = """
nav { display: flex; gap: 0.5rem; align-items: center; justify-content: flex-end; flex-wrap: wrap; }
ol { display: flex; gap: 0.3rem; list-style: none; margin: 0; padding: 0; }
button {
  font: inherit; font-size: 0.95rem; min-width: 2.1rem; height: 2.1rem; padding: 0 0.55rem; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: 0.5rem;
}
button:hover:not(:disabled) { border-color: var(--st-primary-color); }
button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
button[aria-current="step"], .after:not(:disabled) {
  background: var(--st-primary-color); border-color: var(--st-primary-color); color: var(--st-background-color);
  font-weight: 600;
}
@media (max-width: 640px) {
  nav, ol { gap: 0.2rem; }
  button { min-width: 1.85rem; padding: 0 0.3rem; }
}
button:disabled { opacity: 0.45; cursor: default; }
"""

_JS = """
const TAKEN = "input, textarea, select, canvas, [contenteditable], [role=slider], [role=radio], [role=radiogroup], " +
  "[role=listbox], [role=combobox], [role=option], [role=menu], [role=group], [role=dialog], [role=tab]";

const listeners = new WeakMap();
const waiting = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const list = parentElement.querySelector("ol");
  // Keys may come faster than pages: each goes on from the step asked for last, until the page has answered that one.
  const asked = (waiting.get(parentElement) || []).filter((one) => one.number > data.answered);
  waiting.set(parentElement, asked);
  const last = () => asked[asked.length - 1] || { step: data.step, number: data.answered };
  const go = (step) => {
    if (step < 1 || step > data.titles.length || step === last().step) return;
    asked.push({ step, number: last().number + 1 });
    setTriggerValue("asked", last());
  };
  data.titles.forEach((title, number) => {
    const item = list.children[number] || list.appendChild(document.createElement("li"));
    const button = item.firstChild || item.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = String(number + 1);
    button.title = title;
    button.setAttribute("aria-label", "Step " + (number + 1) + ": " + title);
    if (number + 1 === data.step) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
    button.onclick = () => go(number + 1);
  });
  const before = parentElement.querySelector(".before");
  const after = parentElement.querySelector(".after");
  before.disabled = data.step <= 1;
  after.disabled = data.step >= data.titles.length;
  before.onclick = () => go(last().step - 1);
  after.onclick = () => go(last().step + 1);
  const onKey = (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const move = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (!move) return;
    const taken = event.composedPath().some((one) => one instanceof Element && one.matches(TAKEN));
    if (taken && event.key.startsWith("Arrow")) return;
    event.preventDefault();
    go(last().step + move);
  };
  // This runs again with every change of the data: the listener before must go.
  const forget = () => document.removeEventListener("keydown", listeners.get(parentElement));
  forget();
  listeners.set(parentElement, onKey);
  document.addEventListener("keydown", onKey);
  return forget;
}
"""

_component = st.components.v2.component("atpatch_steps", html=_HTML, css=_CSS, js=_JS)


def step_buttons(key: str, titles: Sequence[str], step: int, on_step: Callable[[], None]) -> None:
    """Show the steps, of which `step` (from 1) is open; `asked_step` reads in `on_step` which one was asked for."""
    data = {"titles": list(titles), "step": step, "answered": st.session_state.get(_answered(key), 0)}
    _component(key=key, data=data, on_asked_change=on_step)


def asked_step(key: str, steps: int) -> int | None:
    """The step that was just asked for, or `None`; with this the request counts as answered."""
    asked = getattr(st.session_state.get(key), "asked", None)
    if not isinstance(asked, Mapping):
        return None
    step, number = _whole(asked.get("step")), _whole(asked.get("number"))
    st.session_state[_answered(key)] = number
    return step if 1 <= step <= steps else None


def _whole(value: object) -> int:
    # JavaScript has one kind of number.
    return int(value) if isinstance(value, int | float) and abs(value) < 2**53 else 0


def _answered(key: str) -> str:
    return f"{key}_answered"
