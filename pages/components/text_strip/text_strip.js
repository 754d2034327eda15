export default function (component) {
  const { data, parentElement } = component;
  const strip = parentElement.querySelector(".strip");
  const told = parentElement.querySelector(".told");
  strip.setAttribute("dir", data.direction);
  const pieces = [];
  const clear = () => {
    for (const piece of pieces) piece.classList.remove("asking", "asked");
  };
  const ask = (number) => {
    clear();
    pieces[number].classList.add("asking");
    for (const other of data.pieces[number].attends) pieces[other].classList.add("asked");
    told.textContent = data.pieces[number].told;
  };
  const shown = document.createDocumentFragment();
  let word;
  data.pieces.forEach((one, number) => {
    one.before.split("\n").forEach((gap, line) => {
      if (line > 0) shown.appendChild(document.createElement("br"));
      const between = document.createElement("span");
      between.className = "gap";
      between.textContent = gap;
      shown.appendChild(between);
    });
    if (number === 0 || one.word === null || one.word !== data.pieces[number - 1].word) {
      word = document.createElement("bdi");
      shown.appendChild(word);
    }
    const piece = document.createElement("span");
    // Neighbours with the same label are one find, and are labelled once.
    const before = number > 0 ? data.pieces[number - 1].label : "";
    const label = one.label === before ? "" : one.label;
    piece.className = "piece" + (one.special ? " special" : "") + (one.label ? " flagged" : "");
    if (label) piece.classList.add("labelled");
    piece.textContent = one.text;
    piece.setAttribute("title", one.title);
    piece.setAttribute("role", "img");
    piece.setAttribute("aria-label", one.title);
    if (one.label) piece.setAttribute("data-label", one.label);
    piece.tabIndex = number === 0 ? 0 : -1;
    piece.onmouseenter = () => ask(number);
    piece.onclick = () => ask(number);
    piece.onfocus = () => ask(number);
    piece.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const next = step ? pieces[number + step] : undefined;
      if (!next) return;
      event.preventDefault();
      piece.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    };
    pieces.push(piece);
    word.appendChild(piece);
  });
  strip.replaceChildren(shown);
  strip.onmouseleave = clear;
  told.textContent = "";
}
