"""The little styling that themes have no setting for. Fixed text: nothing from outside goes in here."""

from __future__ import annotations

import streamlit as st

_STYLE = """
<style>
.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 3rem; max-width: 1400px; }
.stMain:focus-visible { outline: none; }  /* a click on nothing, then a key, would frame the whole page */
.st-key-address, [data-testid="stLayoutWrapper"]:has(> .st-key-label_name_given) { display: none; }
.st-key-heading h1 { font-size: 1.9rem; padding: 0.2rem 0; }
.stMainBlockContainer h2 { font-size: 1.6rem; }
[data-testid="stCaptionContainer"] { opacity: 0.75; }
.stPlotlyChart svg text:not(.hoverlayer *) { fill: currentColor !important; fill-opacity: 0.8 !important; }
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"] {
  background: #1d4ed8; border-color: #1d4ed8; color: #ffffff;
}
/* On a phone the pages are behind two arrows, which say nothing. */
[data-testid="stExpandSidebarButton"] { width: auto; padding-inline: 0.4rem; }
[data-testid="stExpandSidebarButton"]::after { content: "Pages"; font-size: 0.95rem; }
/* What may be uploaded is said in the label, in our words. */
[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
/* Streamlit's own export of a table writes formulas as they are; the pages have theirs. */
[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) { display: none; }
.stMultiSelect [role="group"]:has(> [data-testid="stMultiSelectTagsContainer"]) { height: auto; max-height: none; }
[data-testid="stMultiSelectTagsContainer"] {
  flex-wrap: wrap; height: auto; max-height: 9rem; overflow: hidden auto; padding-block: 5px; mask-image: none;
}
.stMultiSelect [data-tag] { background: transparent; color: inherit; border: 1px solid currentColor; }
.stMainBlockContainer:has(.st-key-lesson) { padding-top: 4rem; padding-bottom: 0.5rem; }
.st-key-lesson [data-testid="stElementToolbar"] { display: none; }
.st-key-lesson_title { margin-top: -0.6rem; }
.st-key-lesson_title h2 { font-size: 1.5rem; padding: 0; }
.st-key-lesson .stMarkdown p { font-size: 1.1rem; }
.st-key-lesson .stCaption p, .st-key-lesson [data-testid="stCaptionContainer"] p { font-size: 0.95rem !important; }
.st-key-welcome { padding: 0.5rem 1rem; }
.st-key-choices { padding: 0.7rem 1rem; }
.st-key-answer h2 { font-size: 2.25rem; padding: 0; overflow-wrap: anywhere; }
.st-key-patch {
  width: fit-content; margin-top: 0.4rem; padding: 0.5rem 0.9rem; border: 2px solid #4477ee; border-radius: 0.5rem;
}
.st-key-patch:has(input:disabled) { border: 1px solid #8a9099; }
.st-key-patch label { zoom: 1.25; }
.st-key-patch label p { font-weight: 600; }
.stale-note[data-outdated] {
  padding: 0.6rem 0.9rem; border-left: 6px solid #d97706; background: #d977062e; border-radius: 0.3rem;
  font-weight: 600;
}
.st-key-stale:not(:has([data-outdated])) { position: absolute; }  /* takes no room while there is nothing to say */
.stMainBlockContainer:has(.st-key-stale [data-outdated]) :is(.st-key-verdict, .st-key-findings) { opacity: 0.5; }
@media (min-width: 641px) {
  .st-key-findings { display: grid; grid-template-columns: 2fr 3fr; grid-template-rows: auto 1fr; column-gap: 2rem; }
  .st-key-findings:has(.st-key-picture img) { grid-template-columns: min(30%, 18rem) 1fr; }
  .st-key-findings:has(.st-key-text) { grid-template-columns: 3fr 2fr; }
  .st-key-findings > :has(> .st-key-picture) { grid-column: 1; grid-row: 1 / span 2; }
  .st-key-findings > :has(> .st-key-answer), .st-key-findings > :has(> .st-key-bars) { grid-column: 2; min-width: 0; }
}
@media (max-width: 640px) {
  .st-key-keys_hint { display: none; }
  .st-key-detector_confusion > * { flex: 1 1 calc(50% - 2rem) !important; }
  .stMainBlockContainer { padding: 4.5rem 1rem 2rem; }
  .st-key-heading > :nth-child(2) { order: 1; flex-basis: 100%; }
}
</style>
"""


def apply_style() -> None:
    """Add the rules to the page."""
    st.html(_STYLE)
