export default function (component) {
  const { parentElement } = component;
  const result = parentElement.querySelector("span");
  const field = parentElement.querySelector("input");
  parentElement.querySelector("button").onclick = async () => {
    const link = window.location.href;
    try {
      await navigator.clipboard.writeText(link);
      result.textContent = "Copied.";
      field.hidden = true;
    } catch {
      result.textContent = "Copy it from here:";
      field.hidden = false;
      field.value = link;
      field.focus();
      field.select();
    }
  };
}
