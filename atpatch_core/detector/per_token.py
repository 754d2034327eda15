"""The network for texts: columns whose number and order change from one input to the next.

What is normal for a column depends on its role, not on its position: the first token and the last one ([CLS] and
[SEP]) and the one before the last (most often a full stop) draw much attention in every text. So the benign statistics
are kept for each head and role, and everything is measured in fair parts. A column is judged from all heads of the
layer at once, and its flag holds for all of them: a word that some heads single out is read by the others, too.
The heads are put in order of strength, so that what is learnt is how many heads a word seizes and how firmly, and not
which: the words of a debugging set leave a signature in particular heads that the true trigger need not share.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .contrastive import Prototypes
from .features import FEATURES, column_features
from .networks import EMBEDDING, FURTHEST, ColumnNetwork, column_mlp

ROLES = ("first", "last", "last but one", "other")
_PADDING = len(ROLES)
_STRENGTHS = [FEATURES.index(name) for name in ("mean", "peak", "readout", "mean-lead", "readout-lead")]
_SUREST = 15.0  # log-odds; even in single precision the score stays below 1, the threshold at which nothing is flagged


def column_roles(key_valid: Tensor) -> Tensor:
    """The role of each column, by its place in the text.

    Args:
        key_valid: bool `[batch, keys]`, `False` for padding.

    Returns:
        Numbers in `ROLES`, int64 `[batch, keys]`; padding has the number after the last. In a text of one token that
        token is the first.

    Example:
        >>> column_roles(torch.tensor([[True, True, True, True, False]]))
        tensor([[0, 3, 2, 1, 4]])
    """
    place = key_valid.long().cumsum(-1) - 1
    from_end = key_valid.sum(-1, keepdim=True) - 1 - place
    roles = torch.full_like(place, ROLES.index("other"))
    roles[from_end == 1] = ROLES.index("last but one")
    roles[from_end == 0] = ROLES.index("last")
    roles[place == 0] = ROLES.index("first")
    return roles.masked_fill(~key_valid, _PADDING)


def inner_columns(key_valid: Tensor) -> Tensor:
    """Which columns are neither padding nor the first or last token of an input, bool `[batch, keys]`.

    Those two are the model's own. `key_valid` is bool `[batch, keys]`.
    """
    place = key_valid.long().cumsum(-1) - 1
    return key_valid & (place > 0) & (place < key_valid.sum(-1, keepdim=True) - 1)


def mean_role_shares(attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
    """What columns of each role get on average in benign maps.

    Args:
        attention: maps, `[n, heads, queries, keys]`.
        key_valid: bool `[n, keys]`, `False` for padding.
        query_valid: bool `[n, queries]`, `False` for padding.

    Returns:
        Fair parts, float32 `[heads, 1, roles]`.
    """
    counted = torch.where(query_valid[:, None, :, None], attention.float(), 0.0)
    length = key_valid.sum(-1)[:, None, None].clamp(min=1)
    shares = counted.sum(-2) / query_valid.sum(-1)[:, None, None].clamp(min=1) * length
    roles = column_roles(key_valid)
    means = []
    for role in range(len(ROLES)):
        chosen = (roles == role)[:, None].float()
        means.append((shares * chosen).sum((0, 2)) / chosen.sum().clamp(min=1))
    return torch.stack(means, -1).unsqueeze(1)


def role_shares(means: Tensor, key_valid: Tensor) -> Tensor:
    """The attention that columns of each role get on average, for texts of any length: `[batch, heads, 1, keys]`.

    `means` is what `mean_role_shares` gives, `key_valid` bool `[batch, keys]`.
    """
    known = column_roles(key_valid).clamp(max=len(ROLES) - 1)
    length = key_valid.sum(-1)[:, None, None, None].clamp(min=1)
    return (means[:, 0][:, known].transpose(0, 1).unsqueeze(2) / length).clamp(max=1.0)


class PerToken(ColumnNetwork):
    """An MLP over a column's features, each against what is benign for its head and role, the strongest head first.

    Args:
        heads: how many heads the layer has.
        keys: how many columns the maps had that it learns from; others may have more or fewer.
        width: of the MLP's hidden layers; 64 by default.
    """

    any_length = True
    mean: Tensor
    deviation: Tensor

    def __init__(self, heads: int, keys: int, width: int = 64) -> None:
        super().__init__()
        self.heads, self.keys = heads, keys
        self.register_buffer("mean", torch.zeros(len(ROLES), heads, len(FEATURES)))
        self.register_buffer("deviation", torch.ones(len(ROLES), heads, len(FEATURES)))
        self.mlp = column_mlp(heads * len(_STRENGTHS) + len(ROLES), width)
        self.prototypes = Prototypes(EMBEDDING)

    def prepare(self, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Describe the columns (see `ColumnNetwork`)."""
        features = column_features(attention, key_valid, query_valid).permute(0, 2, 1, 3).flatten(2)
        return torch.cat([features, column_roles(key_valid)[..., None].float()], -1)

    def fit_benign(self, prepared: Tensor) -> None:
        """Mean and spread of every feature for each head and role; a role that never occurs counts as "other"."""
        features, roles = self._split(prepared)
        for role in reversed(range(len(ROLES))):
            rows = features[roles == role]
            enough = len(rows) > 1
            self.mean[role] = rows.mean(0) if enough else self.mean[-1]
            self.deviation[role] = rows.std(0).clamp(min=5e-2) if enough else self.deviation[-1]

    def embed(self, prepared: Tensor) -> Tensor:
        """Unit vectors `[batch, 1, keys, EMBEDDING]`."""
        return nn.functional.normalize(self._vectors(prepared), dim=-1)

    def logits(self, prepared: Tensor) -> Tensor:
        """Log-odds of being hijacked, `[batch, 1, keys]`, with wide bounds: the surest differ from each other, too."""
        return self.prototypes.logits(self._vectors(prepared)).clamp(-_SUREST, _SUREST)

    def _vectors(self, prepared: Tensor) -> Tensor:
        features, roles = self._split(prepared)
        known = roles.clamp(max=len(ROLES) - 1)
        standard = ((features - self.mean[known]) / self.deviation[known]).clamp(-FURTHEST, FURTHEST)
        strengths = standard[..., _STRENGTHS].sort(-2, descending=True).values
        named = nn.functional.one_hot(known, len(ROLES)).to(standard.dtype)
        vectors: Tensor = self.mlp(torch.cat([strengths.flatten(2), named], -1)).unsqueeze(1)
        return vectors

    def truth(self, hijacked: Tensor) -> Tensor:
        """A column counts as hijacked when it is so in any head."""
        return hijacked.any(1, keepdim=True)

    def _split(self, prepared: Tensor) -> tuple[Tensor, Tensor]:
        """Features `[batch, keys, heads, features]` and roles `[batch, keys]`."""
        features = prepared[..., :-1].reshape(*prepared.shape[:2], self.heads, len(FEATURES))
        return features, prepared[..., -1].long()
