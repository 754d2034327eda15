"""What was seen of one input, to hand on: one HTML file, all values as JSON, and figures for a paper."""

from __future__ import annotations

from ..extras import need

need("reports", "Reports")
