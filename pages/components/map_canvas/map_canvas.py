"""A large attention map as pixels: original, redistributed and difference, with query, key and values on hover.

A Plotly chart of 512 x 512 numbers would be megabytes; this gets the numbers packed. The names come from outside: they
are written with `textContent` only, and never parsed as HTML.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from atpatch_core.figures.colours import attention_colours, difference_colours
from atpatch_core.figures.map_bytes import pack_maps
from atpatch_core.figures.map_values import TITLES, MapValues

_HTML = """
<div class="maps"></div>
<div class="told" aria-live="polite"></div>
"""

_CSS = """
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 1rem; }
.maps, .told { color: var(--st-text-color); }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 0.94rem; font-weight: 600; }
figcaption .mark { display: block; min-height: 1.4em; font-size: 0.8rem; font-weight: 400; text-align: right; }
.grid { display: grid; grid-template-columns: 1.1rem 4.6rem 1fr; grid-template-rows: 1rem auto 4.8rem 1.3rem; }
.marks { grid-area: 1 / 3; position: relative; }
.marks span { position: absolute; transform: translateX(-50%); font-size: 0.7rem; line-height: 1.2; }
.plot { grid-area: 2 / 3; position: relative; aspect-ratio: 1; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; cursor: crosshair; }
canvas:focus-visible { outline: 3px solid var(--st-primary-color); }
.row, .column { position: absolute; pointer-events: none; display: none; }
.row, .column { border: 0 solid #ffffff; outline: 1px solid #111111; }
.row { left: 0; right: 0; border-top-width: 1px; }
.column { top: 0; bottom: 0; border-left-width: 1px; }
.side { grid-area: 2 / 2; position: relative; }
.side span, .below span { position: absolute; font-size: 0.68rem; line-height: 1; white-space: nowrap; }
.side span { right: 4px; transform: translateY(-50%); max-width: 4.4rem; overflow: hidden; }
.below { grid-area: 3 / 3; position: relative; }
.below span { top: 4px; writing-mode: vertical-rl; transform: translateX(-50%); max-height: 4.5rem; overflow: hidden; }
.axis { font-size: 0.78rem; text-align: center; }
.axis.query { grid-area: 2 / 1; writing-mode: vertical-rl; transform: rotate(180deg); }
.axis.key { grid-area: 4 / 3; }
.scale { display: flex; align-items: center; gap: 0.4rem; font-size: 0.74rem; padding-left: 5.7rem; }
.scale i { flex: 1; height: 0.55rem; border: 1px solid var(--st-border-color); }
.told { min-height: 1.6em; padding-top: 0.5rem; font-size: 0.9rem; overflow-wrap: anywhere; }
"""

_JS = """
async function unpack(packed, count) {
  const bytes = Uint8Array.from(atob(packed), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  return Uint16Array.from({ length: count }, (_, place) => planes[place] * 256 + planes[count + place]);
}

function element(parent, name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  parent.appendChild(made);
  return made;
}

const exact = (value) => (Math.abs(value) > 0 && Math.abs(value) < 0.0001 ? value.toExponential(1) : value.toFixed(4));

export default function (component) {
  const { data, parentElement } = component;
  const maps = parentElement.querySelector(".maps");
  const told = parentElement.querySelector(".told");
  const { names, size, strongest, change } = data;
  maps.replaceChildren();
  told.textContent = "Point at a map, or move with the arrow keys, to read single values.";
  const panels = data.titles.map((title, number) => {
    const figure = element(maps, "figure");
    const caption = element(figure, "figcaption");
    element(caption, "span", "", title);
    element(caption, "span", "mark", data.marked_text);
    const grid = element(figure, "div", "grid");
    const marks = element(grid, "div", "marks");
    for (const place of data.marked) {
      element(marks, "span", "", "\\u25bc").style.left = (100 * (place + 0.5)) / size + "%";
    }
    element(grid, "div", "axis query", "query (attending)");
    const side = element(grid, "div", "side");
    const plot = element(grid, "div", "plot");
    const below = element(grid, "div", "below");
    element(grid, "div", "axis key", "key (attended to)");
    data.ticks.forEach(([place, text]) => {
      element(side, "span", "", text).style.top = (100 * (place + 0.5)) / size + "%";
      element(below, "span", "", text).style.left = (100 * (place + 0.5)) / size + "%";
    });
    const canvas = element(plot, "canvas");
    canvas.width = canvas.height = size;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", data.alt + ": " + title + ". Arrow keys read single values.");
    const row = element(plot, "div", "row");
    const column = element(plot, "div", "column");
    const table = number < 2 ? data.attention : data.difference;
    const scale = element(figure, "div", "scale");
    element(scale, "span", "", number < 2 ? "0" : exact(-change));
    const stops = [];
    for (let step = 0; step <= 24; step += 1) {
      const share = step / 24;
      const side = 2 * share - 1;
      const place = number < 2 ? Math.sqrt(share) : (Math.sign(side) * Math.sqrt(Math.abs(side)) + 1) / 2;
      const at = 3 * Math.round(place * 255);
      stops.push(`rgb(${table[at]},${table[at + 1]},${table[at + 2]}) ${100 * share}%`);
    }
    element(scale, "i").style.background = `linear-gradient(to right, ${stops.join(",")})`;
    element(scale, "span", "", exact(number < 2 ? strongest : change));
    return { canvas, row, column, table };
  });
  Promise.all([unpack(data.before, size * size), unpack(data.change_of, size * size)]).then(
    ([steps, changes]) => {
      const value = (step) => (step / 65535) ** 2 * strongest;
      const before = Float64Array.from(steps, value);
      const after = Float64Array.from(steps, (step, place) => value((step + changes[place]) % 65536));
      panels.forEach(({ canvas, table }, number) => {
        const context = canvas.getContext("2d");
        const pixels = context.createImageData(size, size);
        for (let place = 0; place < size * size; place += 1) {
          const value = number === 0 ? before[place] : number === 1 ? after[place] : after[place] - before[place];
          const side = value / change;
          const share =
            number < 2
              ? Math.sqrt(value / strongest)
              : (Math.sign(side) * Math.sqrt(Math.min(1, Math.abs(side))) + 1) / 2;
          const at = 3 * Math.round(Math.min(1, Math.max(0, share)) * 255);
          pixels.data.set([table[at], table[at + 1], table[at + 2], 255], 4 * place);
        }
        context.putImageData(pixels, 0, 0);
        canvas.style.imageRendering = canvas.clientWidth > size ? "pixelated" : "auto";
        canvas.setAttribute("data-drawn", "yes");
      });
      let at = [0, 0];
      const read = (query, key) => {
        at = [Math.min(size - 1, Math.max(0, query)), Math.min(size - 1, Math.max(0, key))];
        const place = at[0] * size + at[1];
        told.textContent =
          "from (query): " + names[at[0]] + " \\u00b7 to (key): " + names[at[1]] +
          " \\u00b7 before " + exact(before[place]) + " \\u2192 after " + exact(after[place]);
        for (const { row, column } of panels) {
          row.style.display = column.style.display = "block";
          row.style.top = (100 * (at[0] + 0.5)) / size + "%";
          column.style.left = (100 * (at[1] + 0.5)) / size + "%";
        }
      };
      for (const { canvas } of panels) {
        canvas.onmousemove = canvas.onclick = (event) => {
          const box = canvas.getBoundingClientRect();
          read(
            Math.floor(((event.clientY - box.top) / box.height) * size),
            Math.floor(((event.clientX - box.left) / box.width) * size));
        };
        canvas.onkeydown = (event) => {
          const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
          if (!step) return;
          event.preventDefault();
          read(at[0] + step[0], at[1] + step[1]);
        };
      }
    });
}
"""

_component = st.components.v2.component("atpatch_map", html=_HTML, css=_CSS, js=_JS)


def map_canvas(key: str, values: MapValues, alt: str) -> None:
    """Show a square map and what is made of it; `alt` says which one it is."""
    marked = list(values.marked)
    words = {1: f"\u25bc {values.marked[marked[0]]}: {values.names[marked[0]]}"} if marked else {0: ""}
    before, change_of = pack_maps(values.before, values.after, values.strongest)
    data = {
        "titles": list(TITLES),
        "names": list(values.names),
        "size": len(values.names),
        "ticks": list(zip(*values.ticks, strict=True))[::2],  # the axes are shorter than those of a chart
        "marked": marked,
        "marked_text": words.get(len(marked), f"\u25bc {len(marked)} columns redistributed"),
        "strongest": values.strongest,
        "change": values.largest_change,
        "before": before,
        "change_of": change_of,
        "attention": _table(attention_colours()),
        "difference": _table(difference_colours()),
        "alt": alt,
    }
    _component(key=key, data=data)


def _table(colours: np.ndarray) -> list[int]:
    table: list[int] = colours.reshape(-1).tolist()
    return table
