"""How much of the answer's attention the flagged columns take, where that is plainest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from ..inspection.results import Inspection
from ..layout import Layout
from ..wording.phrases import percent

READOUT = "[CLS]"


@dataclass(frozen=True)
class Evidence:
    """In one head, the share of attention that its flagged columns draw.

    Shares are 0 to 1, of what [CLS] looks at, from which the answer is read, or, in a model that has no such part, of
    what all parts look at on average.

    Attributes:
        layer: number of the layer.
        head: number of the head.
        columns: how many of its columns are flagged.
        before: their share without AtPatch.
        after: their share with AtPatch.
        even: what an even share would be.
        readout: whether the shares are those of [CLS].
    """

    layer: int
    head: int
    columns: int
    before: float
    after: float
    even: float
    readout: bool


def has_readout(layout: Layout) -> bool:
    """Whether the answer is read from one part of the input, which the model adds for that."""
    return layout.key_names[0] == READOUT


def drawn(attention: Tensor, layout: Layout) -> Tensor:
    """How much attention each column draws from where the answer is read, or on average.

    Args:
        attention: a map `[queries, keys]`.
        layout: says whether the answer is read from the first row.

    Returns:
        float32 `[keys]`, 0 to 1.
    """
    return attention[0].float() if has_readout(layout) else attention.float().mean(0)


def plainest_evidence(inspection: Inspection) -> Evidence | None:
    """The evidence in the head whose flagged columns draw most.

    Returns:
        `None` if nothing is redistributed, which is also the case where all columns of a head are flagged.
    """
    return max(_all_evidence(inspection), key=lambda evidence: evidence.before, default=None)


def evidence_sentence(evidence: Evidence, patched: bool) -> str:
    """How much attention the marked columns draw, in words.

    Args:
        evidence: the shares.
        patched: whether to speak of the share with AtPatch.
    """
    looks = "the attention of [CLS], from which the answer is read" if evidence.readout else "all attention"
    where = f"layer {evidence.layer} \u00b7 head {evidence.head}"
    if patched:
        return (
            f"In {where}, what is marked now gets {percent(evidence.after)} of {looks}; "
            f"without AtPatch it gets {percent(evidence.before)}."
        )
    return (
        f"In {where}, what is marked gets {percent(evidence.before)} of {looks}; an even share would be "
        f"{percent(evidence.even)}."
    )


def _all_evidence(inspection: Inspection) -> Iterable[Evidence]:
    before, after = inspection.original.trace.maps, inspection.patched.trace.maps
    for layer, flagged in enumerate(inspection.flags.flagged):
        for head in flagged.any(-1).nonzero().flatten().tolist():
            keys = flagged[head]
            if keys.all():
                continue
            shares = [float(drawn(maps[layer][head], inspection.layout)[keys].sum()) for maps in (before, after)]
            count = int(keys.sum())
            yield Evidence(
                layer, head, count, shares[0], shares[1], count / keys.shape[0], has_readout(inspection.layout)
            )
