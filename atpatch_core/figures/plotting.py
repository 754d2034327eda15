"""Plotly, for the modules that draw charts with it: the rest of this room works without.

Raises `MissingExtraError` when it is imported and Plotly is not there.
"""

from __future__ import annotations

from ..extras import need

need("reports", "Charts")

import plotly.graph_objects as go  # noqa: E402
from plotly.colors import diverging, sequential, unlabel_rgb  # noqa: E402

__all__ = ["diverging", "go", "sequential", "unlabel_rgb"]
