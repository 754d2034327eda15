export default function (component) {
  const { data, parentElement } = component;
  const note = parentElement.querySelector("[role=status]");
  const even = (text) => text.replace(/\r\n?/g, "\n").trim();
  const region = () => document.querySelector(".st-key-" + data.region);
  const changed = (field, shown) =>
    !shown.map(even).includes(even(field.value)) && !(field.matches("textarea") && !even(field.value));
  const check = () => {
    const fields = [...(region()?.querySelectorAll("textarea[aria-label], input[aria-label]") ?? [])];
    // While the page is drawn anew, its fields may not be there yet.
    const stale =
      fields.length === data.shown.length && fields.some((field, place) => changed(field, data.shown[place]));
    if (stale === note.hasAttribute("data-outdated") && !(stale && note.textContent !== data.notice)) return;
    note.toggleAttribute("data-outdated", stale);
    note.textContent = stale ? data.notice : "";
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
