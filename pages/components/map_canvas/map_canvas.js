// 16-bit steps that were split into high and low bytes, compressed, and written in Base64.
export async function unpack(packed, count) {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
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

export const exact = (value) =>
  Math.abs(value) > 0 && Math.abs(value) < 0.0001 ? value.toExponential(1) : value.toFixed(4);

// Attention is stored by its square root, so that faint values are told apart.
export const attentionOf = (step, strongest) => (step / 65535) ** 2 * strongest;

// Where a value stands on its colour scale, 0 to 1; a difference may be negative, and 0.5 means none.
export const attentionShare = (value, strongest) => Math.sqrt(Math.min(1, Math.max(0, value / strongest)));
export function differenceShare(value, largest) {
  const side = Math.min(1, Math.max(-1, value / largest));
  return (Math.sign(side) * Math.sqrt(Math.abs(side)) + 1) / 2;
}

export default function (component) {
  const { data, parentElement } = component;
  const maps = parentElement.querySelector(".maps");
  const readout = parentElement.querySelector(".readout");
  const { names, size, strongest, change } = data;
  maps.replaceChildren();
  readout.textContent = "Point at a map, or move with the arrow keys, to read single values.";
  const panels = data.titles.map((title, number) => {
    const figure = element(maps, "figure");
    const caption = element(figure, "figcaption");
    element(caption, "span", "", title);
    element(caption, "span", "mark", data.marked_text);
    const grid = element(figure, "div", "grid");
    const marks = element(grid, "div", "marks");
    for (const place of data.marked) {
      element(marks, "span", "", "\u25bc").style.left = (100 * (place + 0.5)) / size + "%";
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
      const place = number < 2 ? attentionShare(share, 1) : differenceShare(2 * share - 1, 1);
      const at = 3 * Math.round(place * 255);
      stops.push(`rgb(${table[at]},${table[at + 1]},${table[at + 2]}) ${100 * share}%`);
    }
    element(scale, "i").style.background = `linear-gradient(to right, ${stops.join(",")})`;
    element(scale, "span", "", exact(number < 2 ? strongest : change));
    return { canvas, row, column, table };
  });
  Promise.all([unpack(data.before, size * size), unpack(data.change_of, size * size)]).then(([steps, changes]) => {
    const before = Float64Array.from(steps, (step) => attentionOf(step, strongest));
    const after = Float64Array.from(steps, (step, place) => attentionOf((step + changes[place]) % 65536, strongest));
    panels.forEach(({ canvas, table }, number) => {
      const context = canvas.getContext("2d");
      const pixels = context.createImageData(size, size);
      for (let place = 0; place < size * size; place += 1) {
        const share =
          number < 2
            ? attentionShare([before, after][number][place], strongest)
            : differenceShare(after[place] - before[place], change);
        const at = 3 * Math.round(share * 255);
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
      readout.textContent =
        "from (query): " +
        names[at[0]] +
        " \u00b7 to (key): " +
        names[at[1]] +
        " \u00b7 before " +
        exact(before[place]) +
        " \u2192 after " +
        exact(after[place]);
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
          Math.floor(((event.clientX - box.left) / box.width) * size),
        );
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
