export default function (component) {
  const { before, after } = component.data;
  component.parentElement.querySelector("span").dataset.completed = "";
  const now = new URL(window.location.href);
  const own = [...now.searchParams].filter(([name]) => name !== "embed" && name !== "embed_options");
  // A person may have gone on meanwhile.
  if (own.length !== Object.keys(before).length || own.some(([name, value]) => before[name] !== value)) return;
  own.forEach(([name]) => now.searchParams.delete(name));
  Object.entries(after).forEach(([name, value]) => now.searchParams.set(name, value));
  window.history.replaceState(window.history.state, "", now);
}
