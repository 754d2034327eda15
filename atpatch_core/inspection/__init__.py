"""One look at one input: its maps and answers with and without the repair, and what else can be asked of them."""

from __future__ import annotations

from ..column import Column
from ..detector.following import Following
from ..layout import Layout
from .results import AttentionTrace, Flags, Inspection, Pass, Prediction

__all__ = ["AttentionTrace", "Column", "Flags", "Following", "Inspection", "Layout", "Pass", "Prediction"]
