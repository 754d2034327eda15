"""The two networks that turn a layer's maps into one score per column.

`PerHead` looks at every head on its own and says which head is hijacked. `HeadMean` is the paper's network (CNN + MLP
over the mean of the heads' maps, arXiv 2601.21695): its flags hold for all heads of the layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from .contrastive import Prototypes
from .features import FEATURES, column_features

EMBEDDING = 16  # dimensions of a column's embedding. No measurement is kept.
FURTHEST = 10.0  # standard deviations; beyond, how far no longer matters. No measurement is kept.


class ColumnNetwork(nn.Module, ABC):
    """Scores the columns of one layer: a fixed preparation of the maps, then a trained embedding of each column."""

    any_length = False  # whether it takes maps of any number of columns, or only of the one it was trained on
    heads: int
    keys: int
    prototypes: Prototypes

    @abstractmethod
    def prepare(self, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """What the embedding needs of maps; nothing in it is trained.

        Args:
            attention: maps, `[batch, heads, queries, keys]`.
            key_valid: bool `[batch, keys]`, `False` for padding.
            query_valid: bool `[batch, queries]`, `False` for padding.

        Returns:
            `[batch, ...]`, in the shape that the network's other methods take.
        """

    @abstractmethod
    def fit_benign(self, prepared: Tensor) -> None:
        """Learn what is normal from prepared benign maps."""

    @abstractmethod
    def embed(self, prepared: Tensor) -> Tensor:
        """Unit vectors `[batch, heads or 1, keys, EMBEDDING]`."""

    @abstractmethod
    def truth(self, hijacked: Tensor) -> Tensor:
        """The labels `[batch, heads, keys]` in the shape of the network's answers."""

    def logits(self, prepared: Tensor) -> Tensor:
        """Log-odds of being hijacked, `[batch, heads or 1, keys]`."""
        return self.prototypes.logits(self.embed(prepared))

    def forward(self, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Score every column.

        Args:
            attention: maps, `[batch, heads, queries, keys]`.
            key_valid: bool `[batch, keys]`, `False` for padding.
            query_valid: bool `[batch, queries]`, `False` for padding.

        Returns:
            Scores in 0..1, `[batch, heads, keys]`; padding scores 0.
        """
        scores = torch.sigmoid(self.logits(self.prepare(attention, key_valid, query_valid)))
        return scores.expand(attention.shape[0], attention.shape[1], attention.shape[3]) * key_valid[:, None]


def column_mlp(inputs: int, width: int) -> nn.Sequential:
    """From `inputs` numbers about a column to its embedding."""
    inner = (nn.Linear(inputs, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
    return nn.Sequential(*inner, nn.Linear(width, EMBEDDING))


class PerHead(ColumnNetwork):
    """Per-column features against what is benign for that head and position, then a small MLP shared by all heads.

    Args:
        heads: how many heads the layer has.
        keys: how many columns its maps have.
        width: of the MLP's hidden layers; 64 by default.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, heads: int, keys: int, width: int = 64) -> None:
        super().__init__()
        self.heads, self.keys = heads, keys
        self.register_buffer("mean", torch.zeros(heads, keys, len(FEATURES)))
        self.register_buffer("deviation", torch.ones(heads, keys, len(FEATURES)))
        self.head = nn.Parameter(torch.randn(heads, 1, 4) * 0.1)
        self.mlp = column_mlp(3 * len(FEATURES) + 4, width)
        self.prototypes = Prototypes(EMBEDDING)

    def prepare(self, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Describe the columns (see `ColumnNetwork`)."""
        return column_features(attention, key_valid, query_valid)

    def fit_benign(self, prepared: Tensor) -> None:
        """Mean and spread of every feature for each head and position."""
        self.mean.copy_(prepared.mean(0))
        self.deviation.copy_(prepared.std(0).clamp(min=1e-3))

    def embed(self, prepared: Tensor) -> Tensor:
        """Unit vectors `[batch, heads, keys, EMBEDDING]`."""
        for_position = ((prepared - self.mean) / self.deviation).clamp(-FURTHEST, FURTHEST)
        of_head = self.mean.mean(1, keepdim=True)
        scale = (self.deviation.square() + (self.mean - of_head).square()).mean(1, keepdim=True).sqrt()
        for_head = ((prepared - of_head) / scale).clamp(-FURTHEST, FURTHEST)
        head = self.head.expand(*prepared.shape[:3], 4)
        # A trigger often drives several heads to the same column, which none of them shows alone.
        elsewhere = for_position.amax(1, keepdim=True).expand_as(for_position)
        return nn.functional.normalize(self.mlp(torch.cat([for_position, for_head, elsewhere, head], -1)), dim=-1)

    def truth(self, hijacked: Tensor) -> Tensor:
        """The labels as they are."""
        return hijacked


class HeadMean(ColumnNetwork):
    """The paper's network: a CNN over the head-mean map, pooled over queries, then an MLP for each column.

    Args:
        heads: how many heads the layer has.
        keys: how many columns its maps have.
        channels: of the CNN; 16 by default.

    Source:
        AtPatch, arXiv 2601.21695.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, heads: int, keys: int, channels: int = 16) -> None:
        super().__init__()
        self.heads, self.keys = heads, keys
        self.register_buffer("mean", torch.zeros(keys, keys))
        self.register_buffer("deviation", torch.ones(keys, keys))
        self.cnn = nn.Sequential(
            nn.Conv2d(2, channels, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.GELU(),
        )
        self.mlp = nn.Sequential(nn.Linear(2 * channels + 2, 64), nn.GELU(), nn.Linear(64, EMBEDDING))
        self.prototypes = Prototypes(EMBEDDING)

    def prepare(self, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """The head-mean maps in fair parts, on a logarithmic scale (see `ColumnNetwork`)."""
        length = key_valid.sum(-1)[:, None, None].clamp(min=1)
        return torch.log(attention.float().mean(1) * length + 1e-2) * query_valid[:, :, None] * key_valid[:, None, :]

    def fit_benign(self, prepared: Tensor) -> None:
        """Mean and spread of every entry of the map."""
        self.mean.copy_(prepared.mean(0))
        self.deviation.copy_(prepared.std(0).clamp(min=1e-2))

    def embed(self, prepared: Tensor) -> Tensor:
        """Unit vectors `[batch, 1, keys, EMBEDDING]`."""
        standard = ((prepared - self.mean) / self.deviation).clamp(-FURTHEST, FURTHEST)
        maps = self.cnn(torch.stack([prepared, standard], 1))
        columns = torch.cat([maps.mean(2), maps.amax(2), standard.mean(1)[:, None], standard.amax(1)[:, None]], 1)
        return nn.functional.normalize(self.mlp(columns.transpose(1, 2)), dim=-1).unsqueeze(1)

    def truth(self, hijacked: Tensor) -> Tensor:
        """A column counts as hijacked when it is so in any head."""
        return hijacked.any(1, keepdim=True)


NETWORKS: dict[str, type[PerHead] | type[HeadMean]] = {"per-head": PerHead, "paper": HeadMean}
