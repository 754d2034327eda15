// Enter in the name field hands the keys over to the sheet: at once, as the next key is meant for it already.

const NAME = ".st-key-label_annotator input";

export default function () {
  const given = (event) => {
    const field = event.target;
    if (event.key !== "Enter" || event.isComposing || !(field instanceof Element) || !field.matches(NAME)) return;
    field.dataset.given = "1"; // for a sheet that is not there yet
    field.blur();
    window.dispatchEvent(new Event("atpatch-name-given"));
  };
  // Not in the capturing phase: Streamlit takes the name first.
  window.addEventListener("keydown", given);
  return () => window.removeEventListener("keydown", given);
}
