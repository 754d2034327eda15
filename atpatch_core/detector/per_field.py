"""The network for records: columns with a fixed meaning, judged in the light of the whole layer.

In an image or a text, a hijacked column stands out from its neighbours. In a record it need not: the same field is
always in the same column and may draw much attention for everyone; whether it decides *this* person's prediction shows
in how all fields share the attention. So each column is embedded from its own features, from a summary of all maps of
the layer, and from a learnt name of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .contrastive import Prototypes
from .features import FEATURES, column_features
from .networks import EMBEDDING, FURTHEST, ColumnNetwork, column_mlp

# Dimensions of a column's learnt name and of the summary of all maps. No measurement is kept.
_NAME = 8
_SUMMARY = 32


class PerField(ColumnNetwork):
    """An MLP over a column's features, the layer's maps, and which head and field the column is.

    Args:
        heads: how many heads the layer has.
        keys: how many columns its maps have.
        width: of the hidden layers; 64 by default.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, heads: int, keys: int, width: int = 64) -> None:
        super().__init__()
        self.heads, self.keys = heads, keys
        numbers = keys * (keys + len(FEATURES))
        self.register_buffer("mean", torch.zeros(heads, numbers))
        self.register_buffer("deviation", torch.ones(heads, numbers))
        self.name = nn.Parameter(torch.randn(heads, keys, _NAME) * 0.5)
        self.summary = nn.Sequential(nn.Linear(heads * keys * keys, width), nn.GELU(), nn.Linear(width, _SUMMARY))
        self.mlp = column_mlp(len(FEATURES) + _SUMMARY + _NAME, width)
        self.prototypes = Prototypes(EMBEDDING)

    def prepare(self, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Maps in fair parts, on a logarithmic scale, then column features (see `ColumnNetwork`)."""
        maps = torch.log(attention.float() * self.keys + 1e-2)
        return torch.cat([maps.flatten(2), column_features(attention, key_valid, query_valid).flatten(2)], -1)

    def fit_benign(self, prepared: Tensor) -> None:
        """Mean and spread of every number."""
        self.mean.copy_(prepared.mean(0))
        self.deviation.copy_(prepared.std(0).clamp(min=1e-2))

    def embed(self, prepared: Tensor) -> Tensor:
        """Unit vectors `[batch, heads, keys, EMBEDDING]`."""
        batch = len(prepared)
        standard = ((prepared - self.mean) / self.deviation).clamp(-FURTHEST, FURTHEST)
        maps, features = standard[..., : self.keys**2], standard[..., self.keys**2 :]
        summary = self.summary(maps.flatten(1))[:, None, None].expand(batch, self.heads, self.keys, _SUMMARY)
        own = features.reshape(batch, self.heads, self.keys, len(FEATURES))
        name = self.name.expand(batch, self.heads, self.keys, _NAME)
        return nn.functional.normalize(self.mlp(torch.cat([own, summary, name], -1)), dim=-1)

    def truth(self, hijacked: Tensor) -> Tensor:
        """The labels as they are."""
        return hijacked
