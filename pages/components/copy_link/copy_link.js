export default function (component) {
  const { parentElement } = component;
  const told = parentElement.querySelector("span");
  const field = parentElement.querySelector("input");
  parentElement.querySelector("button").onclick = async () => {
    const link = window.location.href;
    try {
      await navigator.clipboard.writeText(link);
      told.textContent = "Copied.";
      field.hidden = true;
    } catch {
      told.textContent = "Copy it from here:";
      field.hidden = false;
      field.value = link;
      field.focus();
      field.select();
    }
  };
}
