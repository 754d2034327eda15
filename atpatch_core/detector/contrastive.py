"""Contrastive learning of column embeddings: hijacked columns together, benign ones together, far from each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SHARPNESS = 5.0  # of the scores: log-odds stay within twice this. No measurement is kept.


class Prototypes(nn.Module):
    """The directions of benign and hijacked columns in the embedding space.

    The score of an embedding is `sigmoid(SHARPNESS * (cosine to hijacked - cosine to benign))`, so it never saturates.

    Args:
        dimensions: size of the embeddings.
    """

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(2, dimensions))

    def logits(self, embeddings: Tensor) -> Tensor:
        """Unit vectors `[..., dimensions]` to log-odds `[...]`: positive means hijacked."""
        benign, hijacked = nn.functional.normalize(self.directions, dim=-1)
        return torch.matmul(embeddings, hijacked - benign) * SHARPNESS


def contrastive_loss(embeddings: Tensor, hijacked: Tensor, temperature: float = 0.2) -> Tensor:
    """Supervised contrastive loss: every column is pulled to those of its own class and pushed from the others.

    Classes count equally, however rare one of them is. A class with a single member has nothing to be pulled to and is
    left out.

    Args:
        embeddings: unit vectors, `[n, dimensions]`.
        hijacked: which class each one belongs to, bool `[n]`.
        temperature: what similarities are divided by; 0.2 by default. Lower ones attend more to the nearest columns.

    Returns:
        A scalar; 0 where no class has two members.

    Source:
        Khosla et al., arXiv 2004.11362.

    Example:
        >>> columns = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        >>> alike = contrastive_loss(columns, torch.tensor([True, True, False, False]))
        >>> mixed = contrastive_loss(columns, torch.tensor([True, False, True, False]))
        >>> round(float(alike), 2), round(float(mixed), 2)
        (0.01, 5.01)
    """
    similarity = embeddings @ embeddings.T / temperature
    own = torch.eye(len(embeddings), dtype=torch.bool, device=embeddings.device)
    similarity = similarity.masked_fill(own, float("-inf"))
    log_share = similarity - similarity.logsumexp(-1, keepdim=True)
    losses = []
    for members in (hijacked, ~hijacked):
        if int(members.sum()) < 2:
            continue
        inside = log_share[members][:, members].masked_fill(own[members][:, members], 0.0)
        losses.append(-inside.sum() / (len(inside) * (len(inside) - 1)))
    return torch.stack(losses).mean() if losses else embeddings.sum() * 0.0
