export default function (component) {
  const { data, parentElement } = component;
  const strip = parentElement.querySelector(".strip");
  const readout = parentElement.querySelector(".readout");
  strip.setAttribute("dir", data.direction);
  const pieces = [];
  const clear = () => {
    for (const piece of pieces) piece.classList.remove("asking", "asked");
  };
  const ask = (number) => {
    clear();
    pieces[number].classList.add("asking");
    for (const other of data.pieces[number].attends) pieces[other].classList.add("asked");
    readout.textContent = data.pieces[number].readout;
  };
  const shown = document.createDocumentFragment();
  let word;
  data.pieces.forEach((token, number) => {
    token.before.split("\n").forEach((gap, line) => {
      if (line > 0) shown.appendChild(document.createElement("br"));
      const between = document.createElement("span");
      between.className = "gap";
      between.textContent = gap;
      shown.appendChild(between);
    });
    if (number === 0 || token.word === null || token.word !== data.pieces[number - 1].word) {
      word = document.createElement("bdi");
      shown.appendChild(word);
    }
    const piece = document.createElement("span");
    // Neighbours with the same label are one find, and are labelled once.
    const before = number > 0 ? data.pieces[number - 1].label : "";
    const label = token.label === before ? "" : token.label;
    piece.className = "piece" + (token.special ? " special" : "") + (token.label ? " flagged" : "");
    if (label) piece.classList.add("labelled");
    piece.textContent = token.text;
    piece.setAttribute("title", token.title);
    piece.setAttribute("role", "img");
    piece.setAttribute("aria-label", token.title);
    if (token.label) piece.setAttribute("data-label", token.label);
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
  readout.textContent = "";
}
