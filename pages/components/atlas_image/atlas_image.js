export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const atlas = parentElement.querySelector(".atlas");
  const image = atlas.querySelector("img");
  const cells = atlas.querySelector(".cells");
  const held = parentElement.activeElement || document.activeElement;
  const focused = held && cells.contains(held) ? [...cells.children].indexOf(held) : -1;
  if (image.getAttribute("src") !== data.image) image.setAttribute("src", data.image);
  atlas.style.width = data.width + "px";
  atlas.style.setProperty("--above", 100 * data.above + "%");
  cells.setAttribute("aria-label", data.label);
  const buttons = data.cells.map((cell, number) => {
    const button = cells.children[number] || cells.appendChild(document.createElement("button"));
    button.type = "button";
    for (const side of ["left", "top", "width", "height"]) button.style[side] = 100 * cell[side] + "%";
    button.setAttribute("aria-label", cell.label);
    button.title = cell.label;
    button.setAttribute("aria-pressed", String(cell.selected));
    button.tabIndex = cell.selected ? 0 : -1;
    button.onclick = () => setTriggerValue("opened", { x: cell.left + cell.width / 2, y: cell.top + cell.height / 2 });
    button.onkeydown = (event) => {
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const next = data.cells.findIndex(
        (other) => other.layer === cell.layer + step[0] && other.head === cell.head + step[1],
      );
      if (next >= 0) buttons[next].focus();
    };
    return button;
  });
  while (cells.children.length > buttons.length) cells.lastChild.remove();
  if (focused >= 0 && buttons[focused]) buttons[focused].focus();
}
