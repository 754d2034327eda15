"""Keep the attention maps that a model really used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from .block import Block
from .interface import held_configs
from .layers import existing_layers, find_layers
from .session import Forward, Session


@dataclass
class Maps:
    """The maps of the last forward pass inside a `capture` block.

    Attributes:
        layers: for each captured layer `[batch, heads, queries, keys]`, detached; empty before the first forward pass.
    """

    layers: tuple[Tensor, ...] = ()


def capture(model: nn.Module, layers: Iterable[int] | None = None) -> Block[Maps]:
    """Keep the attention maps of every forward pass of `model` inside the block.

    Args:
        model: a Transformers model.
        layers: numbers of the attention layers to keep, from 0; all by default.

    Returns:
        A block for `with`, which yields the `Maps`: those of the last forward pass.

    Raises:
        HotfixError: when the block is opened: the model's attention can't be intercepted, or a layer does not exist.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/bag.png").read_bytes())
        >>> with atpatch.capture(subject.model) as maps:
        ...     output = subject.model(**subject.encode(image))
        >>> len(maps.layers), maps.layers[0].shape  # [batch, heads, queries, keys]
        (4, torch.Size([1, 4, 50, 50]))
    """
    wanted = None if layers is None else _once(layers)

    def prepare() -> tuple[Session, Maps]:
        found = find_layers(model)
        chosen = frozenset(range(len(found)) if wanted is None else existing_layers(wanted, len(found)))
        maps = Maps()

        def publish(forward: Forward) -> None:
            maps.layers = tuple(forward.maps[layer].detach() for layer in sorted(chosen))

        return Session(model, found, chosen, None, publish, held_configs(model, found)), maps

    return Block("capture", prepare)


def _once(layers: Iterable[int]) -> Iterable[int]:
    """The layers as something that can be read again, so that the block can be opened again."""
    return layers if isinstance(layers, str) or not isinstance(layers, Iterable) else tuple(layers)
