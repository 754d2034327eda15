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
    """The maps of the last forward inside a `capture`: `layers[i]` is `[batch, heads, queries, keys]`, detached."""

    layers: tuple[Tensor, ...] = ()


def capture(model: nn.Module, layers: Iterable[int] | None = None) -> Block[Maps]:
    """Keep the attention maps of `layers` of every forward of `model` inside the block.

    Args:
        model: a Transformers model.
        layers: numbers of attention layers, from 0; all by default.

    Returns:
        A block for `with`, which gives the `Maps`.

    Raises:
        HotfixError: when the block is opened, and the model's attention can't be intercepted.

    Example:
        >>> with capture(model) as maps:
        ...     model(**inputs)
        >>> maps.layers[0].shape  # [batch, heads, queries, keys]
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
