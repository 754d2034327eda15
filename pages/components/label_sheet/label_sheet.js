// Names, titles and sentences come from outside: they are written with textContent only, and never parsed as HTML.

const VERDICTS = { a: "over-attended", x: "benign", u: "unsure" };
const SHOWN = { "over-attended": "\u25b2 over-attended", benign: "\u25cb benign", unsure: "? unsure" };
const SEND_AFTER = 500;
const SEND_AGAIN_AFTER = 3000;
const MOST_PAST = 30;

const NAME = ".st-key-label_annotator input"; // the fields above the sheet, see pages/label/choice.py
const FIELDS = ".st-key-label_annotator, .st-key-label_subject";

const placeOf = (column) => `${column.layer}.${column.head}.${column.key}`;

function token() {
  // crypto.randomUUID exists only on https and localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function make(parent, name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
  return element;
}

class Sheet {
  constructor(root) {
    this.root = root;
    this.known = new Map(); // digest -> item
    this.work = new Map(); // digest -> what this person said so far
    this.past = []; // digests of inputs that were left, to come back to
    this.outbox = [];
    this.owner = null;
    this.current = null;
    this.opened = null;
    this.onKey = (event) => this.key(event);
    this.onName = () => this.takeFocus();
    root.tabIndex = -1;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Label sheet");
  }

  receive(data, send) {
    this.data = data;
    this.send = send;
    const begins = this.owner !== data.owner;
    if (begins) this.begin(data.owner);
    const settled = new Set(data.acked);
    const refused = new Map(data.refused);
    for (const answer of this.outbox) if (refused.has(answer.token)) this.problem = refused.get(answer.token);
    this.outbox = this.outbox.filter((answer) => !settled.has(answer.token) && !refused.has(answer.token));
    this.skips = this.skips.filter((skip) => !settled.has(skip.token));
    this.keep();
    for (const item of data.items) {
      this.known.set(item.digest, item);
      if (!this.work.has(item.digest)) this.work.set(item.digest, this.resumed(item));
      const work = this.work.get(item.digest);
      // What was skipped is only sent again once nothing else is open.
      if (work.skipped && settled.has(work.skipped)) work.left = work.skipped = false;
    }
    this.open(data.opened);
    if (!this.current || !this.known.has(this.current)) this.advance();
    window.removeEventListener("keydown", this.onKey, true);
    window.addEventListener("keydown", this.onKey, true);
    window.removeEventListener("atpatch-name-given", this.onName);
    window.addEventListener("atpatch-name-given", this.onName);
    this.draw();
    if (begins) this.takeFocusAfterName();
    if (this.outbox.some((answer) => !answer.sent)) this.flush();
    else if (this.outbox.length || this.skips.length) this.timer = setTimeout(() => this.flush(), SEND_AGAIN_AFTER);
  }

  // Somebody follows a link to an input: it comes first, answered or not.
  open(digest) {
    if (digest === this.opened) return;
    this.opened = digest;
    const work = digest && this.known.has(digest) && this.work.get(digest);
    if (!work) return;
    if (this.current && this.current !== digest) this.past.push(this.current);
    work.left = work.skipped = false;
    this.current = digest;
  }

  takeFocus() {
    this.root.focus({ preventScroll: true });
  }

  takeFocusAfterName() {
    const name = document.querySelector(NAME);
    const active = document.activeElement;
    if ((name && name.dataset.given) || (active && active.closest(FIELDS))) this.takeFocus();
    if (name) delete name.dataset.given;
  }

  // Whose answers these are is being changed: until the sheet of the new name is here, nothing is taken down.
  stale() {
    const name = document.querySelector(NAME);
    return Boolean(name) && name.value !== this.data.typed.replace(/[\r\n]/g, "");
  }

  leave() {
    window.removeEventListener("keydown", this.onKey, true);
    window.removeEventListener("atpatch-name-given", this.onName);
    clearTimeout(this.timer);
  }

  begin(owner) {
    this.owner = owner;
    this.known.clear();
    this.work.clear();
    this.past = [];
    this.skips = [];
    this.current = null;
    this.opened = null;
    this.problem = "";
    try {
      this.outbox = JSON.parse(localStorage.getItem("atpatch-labels " + owner) || "[]");
      for (const answer of this.outbox) answer.sent = false;
    } catch {
      this.outbox = [];
    }
  }

  keep() {
    try {
      if (this.outbox.length) localStorage.setItem("atpatch-labels " + this.owner, JSON.stringify(this.outbox));
      else localStorage.removeItem("atpatch-labels " + this.owner);
    } catch {
      // A browser that keeps nothing still sends everything.
    }
  }

  resumed(item) {
    const unsent = this.outbox.filter((answer) => answer.digest === item.digest).at(-1);
    const said = unsent ? unsent.verdicts : item.verdicts;
    const columns = item.columns.map((column) => ({ ...column }));
    const verdicts = new Map();
    for (const [layer, head, key, verdict, score] of said) {
      const column = { layer, head, key, score };
      if (!columns.some((listed) => placeOf(listed) === placeOf(column))) columns.push(column);
      verdicts.set(placeOf(column), verdict);
    }
    const first = columns.findIndex((column) => !verdicts.has(placeOf(column)));
    const state = unsent ? unsent.state : item.state;
    const rest = (unsent ? unsent.rest : item.rest) || "unjudged";
    const answered = state === "submitted" || state === "discarded";
    const seen = Boolean(item.seen || (unsent && unsent.seen));
    return { columns, verdicts, rest, seen, answered, cursor: Math.max(first, 0), undo: [], left: answered };
  }

  advance() {
    const next = this.data.items.find((item) => !this.work.get(item.digest).left);
    this.current = next ? next.digest : null;
  }

  key(event) {
    if (!this.root.isConnected) return this.leave();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.composedPath()[0];
    if (target instanceof Element && target.closest("input, textarea, select, [contenteditable], [role=dialog]"))
      return;
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (pressed === "Enter" && target instanceof Element && target.closest("button, a, summary, [role=button]")) return;
    const work = this.here();
    const asking = work && work.asking;
    const act = {
      ...Object.fromEntries(Object.entries(VERDICTS).map(([letter, verdict]) => [letter, () => this.judge(verdict)])),
      b: () => this.restBenign(),
      ArrowLeft: () => this.step(-1),
      ArrowUp: () => this.step(-1),
      k: () => this.step(-1),
      ArrowRight: () => this.step(1),
      ArrowDown: () => this.step(1),
      j: () => this.step(1),
      z: () => this.undo(),
      Backspace: () => this.undo(),
      s: () => this.skip(),
      d: () => this.finish("discarded"),
      Enter: () => this.finish("submitted"),
      ...(asking ? { j: () => this.judgeThem(), Escape: () => this.judgeThem(), b: () => this.callThemBenign() } : {}),
    }[pressed];
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.stale()) return;
    if (!event.repeat || pressed.startsWith("Arrow")) act();
  }

  here() {
    return this.current ? this.work.get(this.current) : null;
  }

  step(by) {
    const work = this.here();
    if (!work || !work.columns.length) return;
    work.asking = false;
    work.cursor = (work.cursor + by + work.columns.length) % work.columns.length;
    this.draw();
  }

  judge(verdict) {
    const work = this.here();
    const column = work && work.columns[work.cursor];
    if (!column) return;
    this.remember(work);
    work.asking = false;
    work.verdicts.set(placeOf(column), verdict);
    const after = [...work.columns.slice(work.cursor + 1), ...work.columns.slice(0, work.cursor)];
    const open = after.find((candidate) => !work.verdicts.has(placeOf(candidate)));
    if (open) work.cursor = work.columns.indexOf(open);
    this.put("draft");
  }

  unjudged(work) {
    return work.columns.filter((column) => !work.verdicts.has(placeOf(column)));
  }

  marks(item, column) {
    return item.detector && column.score !== null && column.score >= item.threshold;
  }

  hides(item, work) {
    return Boolean(this.data.hide && item.detector && !work.answered);
  }

  // "The rest is benign" holds once nothing that the detector marks is left unjudged.
  restOf(item, work) {
    return work.rest === "benign" && !this.unjudged(work).some((column) => this.marks(item, column))
      ? "benign"
      : "unjudged";
  }

  restBenign() {
    const work = this.here();
    const open = work ? this.unjudged(work) : [];
    if (!work || (!open.length && work.rest === "benign")) return;
    // What the detector marks is not called benign unseen; where its marks are hidden, they must not show here.
    const item = this.known.get(this.current);
    const marked = this.hides(item, work) ? [] : open.filter((column) => this.marks(item, column));
    this.remember(work);
    work.rest = "benign";
    for (const column of open) if (!marked.includes(column)) work.verdicts.set(placeOf(column), "benign");
    if (marked.length) work.cursor = work.columns.indexOf(marked[0]);
    this.put("draft");
    if (!marked.length) return;
    this.problem = "The detector marks what is left (\u25b2): look at each.";
    this.draw();
  }

  // What to ask about before an answer is submitted: what is flagged and not judged, or, as it must not show which ones
  // are flagged where that is hidden, whatever is listed and not judged.
  inQuestion(item, work) {
    const open = this.unjudged(work);
    if (this.restOf(item, work) === "benign") return [];
    return this.hides(item, work) ? open : open.filter((column) => this.marks(item, column));
  }

  judgeThem() {
    const work = this.here();
    const [first] = this.inQuestion(this.known.get(this.current), work);
    work.asking = false;
    if (first) work.cursor = work.columns.indexOf(first);
    this.draw();
  }

  callThemBenign() {
    const work = this.here();
    this.remember(work);
    for (const column of this.unjudged(work)) work.verdicts.set(placeOf(column), "benign");
    work.rest = "benign";
    this.finish("submitted");
  }

  select(layer, head, key) {
    const work = this.here();
    work.asking = false;
    let at = work.columns.findIndex((column) => placeOf(column) === placeOf({ layer, head, key }));
    if (at < 0) at = work.columns.push({ layer, head, key, score: null }) - 1;
    work.cursor = at;
    this.draw();
  }

  remember(work) {
    work.undo.push({ verdicts: new Map(work.verdicts), cursor: work.cursor, rest: work.rest });
  }

  undo() {
    const work = this.here();
    if (work) work.asking = false;
    if (work && work.undo.length) {
      const before = work.undo.pop();
      work.verdicts = before.verdicts;
      work.cursor = before.cursor;
      work.rest = before.rest;
      this.put("draft");
    } else if (this.past.length) {
      this.current = this.past.pop();
      const again = this.here();
      if (again.left && !again.skipped) {
        again.left = false;
        this.put("draft");
      } else {
        again.left = again.skipped = false;
        this.draw();
      }
    }
  }

  skip() {
    if (!this.current) return;
    const work = this.here();
    work.asking = false;
    work.left = true;
    work.skipped = token();
    this.skips.push({ digest: this.current, token: work.skipped });
    this.move(() => this.flush());
  }

  finish(state) {
    const work = this.here();
    if (!work) return;
    const item = this.known.get(this.current);
    if (state === "submitted" && !work.verdicts.size && this.restOf(item, work) !== "benign") {
      this.problem = "Judge at least one column before submitting, or discard the input.";
      return this.draw();
    }
    if (state === "submitted" && !work.asked && this.inQuestion(item, work).length) {
      work.asking = work.asked = true;
      this.problem = "";
      return this.draw();
    }
    work.asking = false;
    work.left = true;
    this.put(state);
    work.answered = true;
  }

  move(then) {
    this.problem = "";
    this.past.push(this.current);
    if (this.past.length > MOST_PAST) this.known.delete(this.past.shift());
    this.advance();
    this.draw();
    then();
  }

  put(state) {
    const work = this.here();
    this.problem = "";
    const verdicts = work.columns
      .filter((column) => work.verdicts.has(placeOf(column)))
      .map((column) => [column.layer, column.head, column.key, work.verdicts.get(placeOf(column)), column.score]);
    const waiting = this.outbox.at(-1);
    if (waiting && !waiting.sent && waiting.digest === this.current && waiting.state === "draft") this.outbox.pop();
    const item = this.known.get(this.current);
    const rest = this.restOf(item, work);
    const seen = item.detector ? work.seen : null;
    const { detector } = item;
    this.outbox.push({ token: token(), digest: this.current, state, verdicts, rest, seen, detector, sent: false });
    this.keep();
    if (state !== "draft") return this.move(() => this.flush());
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), SEND_AFTER);
  }

  flush() {
    clearTimeout(this.timer);
    if (!this.outbox.length && !this.skips.length) return;
    for (const answer of this.outbox) answer.sent = true;
    this.send("actions", { owner: this.owner, answers: this.outbox, skipped: this.skips });
    // Whatever is not confirmed goes out again: it has its token, so it is stored once.
    this.timer = setTimeout(() => this.flush(), SEND_AGAIN_AFTER);
  }

  // --- what is seen -----------------------------------------------------------------------------------------------

  draw() {
    this.build();
    const waiting = this.outbox.length;
    this.saved.textContent = waiting ? "\u2026 saving" : "\u2713 all answers saved";
    this.saved.classList.toggle("waiting", waiting > 0);
    this.trouble.textContent = this.problem || "";
    const item = this.current && this.known.get(this.current);
    this.body.hidden = !item;
    this.nothing.hidden = Boolean(item);
    if (!item) {
      this.title.textContent = "";
      this.about.textContent = "";
      this.nothing.textContent = this.data.open ? "Fetching the next inputs\u2026" : this.data.done;
      return;
    }
    const work = this.here();
    if (!this.hides(item, work)) work.seen = Boolean(item.detector);
    else if (!work.ordered) this.inPlaceOrder(work);
    const column = work.columns[work.cursor];
    this.title.textContent = item.title || "untitled";
    this.about.textContent = `The model answers ${item.answer}.` + (item.source ? ` From ${item.source}.` : "");
    this.drawInput(item, work, column);
    this.drawMap(item, work, column);
    this.drawColumn(item, work, column);
    this.drawList(item, work);
    this.drawQuestion(item, work);
  }

  // The order of the scores would tell what is hidden.
  inPlaceOrder(work) {
    work.ordered = true;
    work.columns.sort(
      (first, second) => first.layer - second.layer || first.head - second.head || first.key - second.key,
    );
    work.cursor = Math.max(0, work.columns.indexOf(this.unjudged(work)[0]));
  }

  build() {
    if (this.saved) return;
    const head = make(this.root, "div", "head");
    this.title = make(head, "p", "title");
    this.saved = make(head, "p", "saved");
    this.saved.setAttribute("role", "status");
    this.about = make(this.root, "p", "quiet");
    this.trouble = make(this.root, "div", "problem");
    this.trouble.setAttribute("role", "alert");
    this.nothing = make(this.root, "div", "empty");
    this.body = make(this.root, "div", "stage");
    const left = make(this.body, "div", "input");
    this.inputTitle = make(left, "h4");
    this.input = make(left, "div");
    const middle = make(this.body, "div", "attention");
    this.mapTitle = make(middle, "h4");
    this.map = make(middle, "div", "frame map");
    this.mapImage = make(this.map, "img");
    this.mapColumn = make(this.map, "div", "column");
    this.mapMissing = make(middle, "p", "quiet", "This map is not sent along: it is in Triage.");
    this.map.onclick = (event) => {
      const box = this.mapImage.getBoundingClientRect();
      const [layer, shownHead] = this.shown;
      const keys = this.known.get(this.current).names.length;
      const key = Math.floor(((event.clientX - box.left) / box.width) * keys);
      this.select(layer, shownHead, Math.min(Math.max(key, 0), keys - 1));
    };
    const pick = make(middle, "div", "pick");
    this.layerPick = make(make(pick, "label", "", "Layer "), "select");
    this.headPick = make(make(pick, "label", "", "Head "), "select");
    const other = () => {
      const item = this.known.get(this.current);
      const layer = Number(this.layerPick.value);
      const nearest = Math.min(Number(this.headPick.value), item.heads[layer] - 1);
      const work = this.here();
      const now = work.columns[work.cursor];
      this.select(layer, nearest, now ? now.key : item.first);
    };
    for (const select of [this.layerPick, this.headPick]) {
      // After a choice with the mouse the keys judge again; with the keyboard one may want to go on choosing.
      select.onpointerdown = () => (select.dataset.pointed = "1");
      select.onkeydown = () => delete select.dataset.pointed;
      select.onchange = () => {
        if (select.dataset.pointed) this.takeFocus();
        other();
      };
    }
    const judge = make(this.body, "div", "judge");
    const now = make(judge, "div", "now");
    this.where = make(now, "p", "where");
    const sides = make(now, "div", "sides");
    const machine = make(sides, "div", "machine");
    this.machineBy = make(machine, "span");
    this.machine = make(machine, "strong");
    const person = make(sides, "div", "person");
    this.personBy = make(person, "span");
    this.person = make(person, "strong");
    const keys = make(now, "div", "keys");
    this.buttons = {};
    for (const [letter, verdict] of Object.entries(VERDICTS)) {
      this.buttons[verdict] = this.button(keys, letter.toUpperCase(), verdict[0].toUpperCase() + verdict.slice(1), () =>
        this.judge(verdict),
      );
    }
    this.question = make(judge, "div", "question");
    this.question.setAttribute("role", "alert");
    this.questionText = make(this.question, "p");
    this.choices = make(this.question, "div", "keys");
    const more = (this.more = make(judge, "div", "keys more"));
    this.submit = this.button(more, "Enter", "Submit", () => this.finish("submitted"));
    this.submit.classList.add("main");
    this.rest = this.button(more, "B", "The rest is benign", () => this.restBenign());
    this.button(more, "\u2190", "Previous", () => this.step(-1));
    this.button(more, "\u2192", "Next", () => this.step(1));
    this.button(more, "Z", "Undo", () => this.undo());
    this.button(more, "S", "Skip", () => this.skip());
    this.button(more, "D", "Discard", () => this.finish("discarded"));
    this.list = make(judge, "ol", "list");
    this.others = make(judge, "p", "others");
  }

  button(parent, key, text, act) {
    const button = make(parent, "button");
    button.type = "button";
    make(button, "kbd", "", key).setAttribute("aria-hidden", "true");
    make(button, "span", "", text);
    button.onclick = (event) => {
      if (event.detail) button.blur(); // after a click, Enter submits; from the keyboard, the focus stays
      if (!this.stale()) act();
    };
    return button;
  }

  drawInput(item, work, column) {
    const listed = new Set(work.columns.map((shown) => shown.key));
    const layer = column ? column.layer : 0;
    const head = column ? column.head : 0;
    if (this.inputOf !== item.digest) {
      this.inputOf = item.digest;
      this.places = new Map();
      this.input.replaceChildren();
      const add = (parent, key) => {
        const button = make(parent, "button");
        button.type = "button";
        button.tabIndex = -1;
        button.title = item.names[key];
        button.setAttribute("aria-label", item.names[key]);
        button.onclick = () => {
          button.blur();
          const now = this.here().columns[this.here().cursor];
          const same = this.here().columns.find((shown) => shown.key === key);
          if (now && now.key === key) this.select(now.layer, now.head, key);
          else if (same) this.select(same.layer, same.head, key);
          else this.select(now ? now.layer : 0, now ? now.head : 0, key);
        };
        this.places.set(key, button);
        return button;
      };
      if (item.image && item.grid) {
        const frame = make(this.input, "div", "frame");
        const image = make(frame, "img");
        image.src = item.image;
        image.alt = item.title || "the image";
        const [rows, columns] = item.grid;
        for (let at = 0; at < rows * columns; at += 1) {
          const button = add(frame, item.first + at);
          button.style.left = (100 * (at % columns)) / columns + "%";
          button.style.top = (100 * Math.floor(at / columns)) / rows + "%";
          button.style.width = 100 / columns + "%";
          button.style.height = 100 / rows + "%";
        }
      } else {
        if (item.image) {
          const image = make(make(this.input, "div", "frame"), "img");
          image.src = item.image;
          image.alt = item.title || "the image";
        }
        const words = make(this.input, "div", item.values.length ? "words fields" : "words");
        item.names.forEach((name, key) => {
          const button = add(words, key);
          button.textContent = item.values[key] ? `${name}: ${item.values[key]}` : name;
          button.classList.toggle("added", item.special[key]);
        });
      }
    }
    const absent = column && !this.places.has(column.key) ? `: ${item.names[column.key]} is not part of it` : "";
    this.inputTitle.textContent = (item.image ? "The image" : "The input") + absent;
    for (const [key, button] of this.places) {
      button.classList.toggle("listed", listed.has(key));
      button.classList.toggle("here", Boolean(column) && column.key === key);
    }
    this.shown = [layer, head];
  }

  drawMap(item, work, column) {
    const [layer, head] = this.shown;
    const image = item.maps[`${layer}.${head}`];
    this.mapTitle.textContent = `Attention, layer ${layer} \u00b7 head ${head}`;
    this.map.hidden = !image;
    this.mapMissing.hidden = Boolean(image);
    if (image && this.mapImage.getAttribute("src") !== image) this.mapImage.src = image;
    this.mapImage.alt = `Attention map of layer ${layer}, head ${head}`;
    this.mapColumn.hidden = !column;
    if (column) {
      this.mapColumn.style.left = (100 * column.key) / item.names.length + "%";
      this.mapColumn.style.width = `max(4px, ${100 / item.names.length}%)`;
    }
    this.options(this.layerPick, item.heads.length, layer);
    this.options(this.headPick, item.heads[layer], head);
  }

  options(select, count, value) {
    if (select.options.length !== count) {
      select.replaceChildren();
      for (let number = 0; number < count; number += 1) make(select, "option", "", String(number)).value = number;
    }
    select.value = String(value);
  }

  drawColumn(item, work, column) {
    const said = column && work.verdicts.get(placeOf(column));
    const verdict = column && (said || (this.restOf(item, work) === "benign" ? "benign" : undefined));
    this.where.textContent = column
      ? `Does ${item.names[column.key]} draw too much attention in layer ${column.layer} \u00b7 head ${column.head}?`
      : "Click a place in the input or in the map to judge it.";
    this.machineBy.textContent = item.detector ? `Detector ${item.detector} suggests` : "No detector";
    this.machine.textContent = this.hides(item, work)
      ? "hidden until you have answered"
      : this.suggestion(item, column);
    this.personBy.textContent = `${this.data.annotator} says`;
    this.person.textContent = verdict ? SHOWN[verdict] : "\u2013 nothing yet";
    for (const [name, button] of Object.entries(this.buttons)) {
      button.setAttribute("aria-pressed", String(verdict === name));
      button.disabled = !column;
    }
    this.submit.disabled = !work.verdicts.size && this.restOf(item, work) !== "benign";
    this.rest.disabled = work.rest === "benign" && work.columns.every((shown) => work.verdicts.has(placeOf(shown)));
  }

  suggestion(item, column) {
    if (!column || column.score === null || column.score === undefined) return "\u2013 no score here";
    const mark = column.score >= item.threshold ? SHOWN["over-attended"] : SHOWN.benign;
    return `${mark} (${column.score.toFixed(3)})`;
  }

  drawQuestion(item, work) {
    const open = work.asking ? this.inQuestion(item, work) : [];
    this.question.hidden = !open.length;
    this.more.hidden = Boolean(open.length);
    if (!open.length) {
      this.questionText.textContent = "";
      this.choices.replaceChildren();
      return;
    }
    if (!this.choices.childElementCount) {
      this.button(this.choices, "Enter", "Submit anyway", () => this.finish("submitted"));
      this.button(this.choices, "J", "Judge them", () => this.judgeThem());
      this.button(this.choices, "B", "The rest is benign", () => this.callThemBenign());
    }
    const kind = this.hides(item, work) ? "listed" : "flagged";
    const count =
      open.length === 1 ? `1 ${kind} column is not judged` : `${open.length} ${kind} columns are not judged`;
    const names = open.slice(0, 4).map((column) => `L${column.layer}\u00b7H${column.head} ${item.names[column.key]}`);
    this.questionText.textContent =
      `${count}: ${names.join("; ")}${open.length > 4 ? "\u2026" : ""}. ` +
      "Submitted like this, nothing is said about them, nor about any other column that you did not judge.";
  }

  drawList(item, work) {
    const hides = this.hides(item, work);
    const rest = this.restOf(item, work);
    this.others.textContent = `All other columns: ${rest === "benign" ? SHOWN.benign : "not judged"}`;
    this.list.replaceChildren();
    work.columns.forEach((column, at) => {
      const row = make(this.list, "li");
      const button = make(row, "button");
      button.type = "button";
      button.tabIndex = -1;
      const verdict = work.verdicts.get(placeOf(column)) || (rest === "benign" ? "benign" : undefined);
      make(button, "span", "place", `L${column.layer}\u00b7H${column.head} ${item.names[column.key]}`);
      const score =
        column.score === null ? "\u2013" : (this.marks(item, column) ? "\u25b2 " : "") + column.score.toFixed(3);
      make(button, "span", "score", hides ? "" : score);
      make(button, "span", verdict ? "said" : "said none", verdict ? SHOWN[verdict] : "not judged");
      button.setAttribute("aria-current", String(at === work.cursor));
      button.onclick = () => {
        button.blur();
        work.cursor = at;
        this.draw();
      };
    });
  }
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".sheet");
  if (!root.sheet) root.sheet = new Sheet(root);
  root.sheet.receive(data, setTriggerValue);
  return () => root.sheet.leave();
}
