const TAKEN =
  "input, textarea, select, canvas, [contenteditable], [role=slider], [role=radio], [role=radiogroup], " +
  "[role=listbox], [role=combobox], [role=option], [role=menu], [role=group], [role=dialog], [role=tab]";

const listeners = new WeakMap();
const waiting = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const list = parentElement.querySelector("ol");
  // Keys may come faster than pages: each goes on from the step asked for last, until the page has answered that one.
  const asked = (waiting.get(parentElement) || []).filter((request) => request.number > data.answered);
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
    const taken = event.composedPath().some((node) => node instanceof Element && node.matches(TAKEN));
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
