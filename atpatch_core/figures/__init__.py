"""Figures of one inspection: rasters (Pillow), charts (Plotly) and the sentence above them; no page is drawn here."""
