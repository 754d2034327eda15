"""Every kind of network a detector can be made of, by the name that detector folders and recipes use."""

from __future__ import annotations

from .networks import NETWORKS, ColumnNetwork
from .per_field import PerField
from .per_token import PerToken

VARIANTS: dict[str, type[ColumnNetwork]] = {**NETWORKS, "per-field": PerField, "per-token": PerToken}
