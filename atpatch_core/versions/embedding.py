"""Where a detector's network puts columns before it scores them, laid out in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from ..attention import FLAG_NOTHING, hotfix
from ..debugging.answers import BATCH
from ..detector.trained import TrainedDetector
from ..errors import DetectorError
from ..subjects.subject import Subject
from .held_out import ColumnTruth, HeldOut

# How many columns of each kind are shown. Chosen, not measured: more show more, and hide each other.
_OVER_ATTENDED, _CLOSEST, _OTHERS = 400, 150, 450


@dataclass(frozen=True)
class ColumnEmbedding:
    """Columns of one layer as points, in the two directions in which their embeddings differ most.

    Attributes:
        points: float64 `[columns, 2]`.
        over_attended: which columns are over-attended, bool `[columns]`.
        scores: the detector's score of each column, float64 `[columns]`, 0 to 1.
        inputs: number of the input of each column, int64 `[columns]`.
        heads: number of its head, int64 `[columns]`; -1 throughout for a network that looks at all heads at once.
        keys: number of its key, int64 `[columns]`.
        kept: the share of the variance that the two directions show, 0 to 1.
    """

    points: np.ndarray
    over_attended: np.ndarray
    scores: np.ndarray
    inputs: np.ndarray
    heads: np.ndarray
    keys: np.ndarray
    kept: float


@dataclass(frozen=True)
class _Listener:
    """A detector that notes the embedding of every column of one layer while it scores them."""

    detector: TrainedDetector
    layer: int
    embeddings: list[Tensor] = field(default_factory=list)
    scores: list[Tensor] = field(default_factory=list)
    valid: list[Tensor] = field(default_factory=list)
    threshold: float = FLAG_NOTHING

    @property
    def watched(self) -> tuple[int, ...]:
        return (self.layer,)

    @property
    def layers(self) -> int:
        return self.detector.layers

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        network = self.detector.networks[layer]
        prepared = network.prepare(attention, key_valid, query_valid)
        embedded = network.embed(prepared)
        self.embeddings.append(embedded)
        self.scores.append(torch.sigmoid(network.logits(prepared)))
        self.valid.append(key_valid)
        return self.detector.score(layer, attention, key_valid, query_valid)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        return self.detector.benign(layer, attention, key_valid)


def embed_columns(
    subject: Subject,
    detector: TrainedDetector,
    layer: int,
    held_out: HeldOut,
    truth: ColumnTruth,
    seed: int = 0,
) -> ColumnEmbedding:
    """Embed the columns of one layer and choose some to show.

    Those are over-attended columns, the benign columns that score most like them, and others at random.

    Args:
        subject: the model.
        detector: whose network embeds the columns.
        layer: number of the layer.
        held_out: the inputs.
        truth: which columns of that layer are over-attended.
        seed: decides which columns are chosen; 0 by default.

    Raises:
        DetectorError: the detector does not watch the layer, or the inputs hold too few columns.

    Source:
        The contrastive embedding is that of AtPatch, arXiv 2601.21695; here it is shown by its first two principal
        components.
    """
    if layer not in detector.networks:
        raise DetectorError(f"This detector has no network for layer {layer}: choose one that it watches.")
    listener = _Listener(detector, layer)
    with torch.no_grad(), hotfix(subject.model, listener):
        for start in range(0, len(held_out), BATCH):
            subject.model(**subject.encode(list(held_out.inputs[start : start + BATCH])))
    # Batches of texts differ in size: what they lack of the longest text is padding.
    keys = truth.over_attended.shape[-1]
    embedded = torch.cat([_padded(embedding, keys, 2) for embedding in listener.embeddings])
    scores = torch.cat([_padded(score, keys, 1) for score in listener.scores]).double().numpy()
    network = detector.networks[layer]
    over_attended = network.truth(torch.from_numpy(truth.over_attended)).numpy()
    clear = over_attended | ~network.truth(torch.from_numpy(truth.unclear)).numpy()
    usable = torch.cat([_padded(valid, keys, 1) for valid in listener.valid])[:, None].numpy() & clear
    rng = np.random.default_rng(seed)
    bad = np.flatnonzero(over_attended & usable)
    benign = np.flatnonzero(~over_attended & usable)
    closest = benign[np.argsort(-scores.flatten()[benign], kind="stable")[:_CLOSEST]]
    others = rng.permutation(np.setdiff1d(benign, closest))[:_OTHERS]
    chosen = np.concatenate([rng.permutation(bad)[:_OVER_ATTENDED], closest, others])
    if len(chosen) < 3:
        raise DetectorError("There are too few columns to lay out: judge more inputs.")
    vectors = embedded.flatten(0, 2).double().numpy()[chosen]
    layout = PCA(n_components=2, svd_solver="full")
    points = layout.fit_transform(vectors)
    numbers, heads, columns = np.unravel_index(chosen, embedded.shape[:3])
    return ColumnEmbedding(
        points=points,
        over_attended=over_attended.flatten()[chosen],
        scores=scores.flatten()[chosen],
        inputs=numbers,
        heads=heads if embedded.shape[1] > 1 else np.full(len(chosen), -1),
        keys=columns,
        kept=float(np.nansum(layout.explained_variance_ratio_)),
    )


def _padded(values: Tensor, keys: int, place: int) -> Tensor:
    """With zeros up to so many keys, which are dimension `place` from the end."""
    more = keys - values.shape[-place]
    return torch.nn.functional.pad(values, (*(0, 0) * (place - 1), 0, more)) if more else values
