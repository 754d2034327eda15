"""Which modules of a model hold an attention map that can be reached through Transformers' attention interface."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from ..errors import HotfixError

ORIGINALS = ("sdpa", "eager")  # the implementations whose maps can be had


@dataclass(frozen=True)
class AttentionLayer:
    """A layer whose attention map can be reached.

    Attributes:
        module: the attention module.
        eager: the function of the module's own file that computes the map openly.
    """

    module: nn.Module
    eager: Callable[..., tuple[Tensor, Tensor]]


def attention_layers(model: nn.Module) -> tuple[nn.Module, ...]:
    """The modules of a model that hold an attention map, in the order of their names.

    Args:
        model: a Transformers model.

    Returns:
        One module for each layer; its place is the number of the layer.

    Raises:
        HotfixError: there are none, or they bypass Transformers' attention interface.

    Example:
        >>> from transformers import ViTConfig, ViTForImageClassification
        >>> config = ViTConfig(hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16)
        >>> len(attention_layers(ViTForImageClassification(config)))
        3
    """
    return tuple(layer.module for layer in find_layers(model))


def find_layers(model: nn.Module) -> tuple[AttentionLayer, ...]:
    """The same as `attention_layers`, each with its eager function. Raises `HotfixError` as that does."""
    if not isinstance(model, nn.Module):
        raise HotfixError("This is no model: pass a subject from `load`, or a Transformers model.")
    if hasattr(model, "_orig_mod"):
        raise HotfixError("A compiled model can't be repaired: pass the model as it was before torch.compile.")
    found = []
    for name, module in model.named_modules():
        forward = inspect.unwrap(type(module).forward)
        if "get_interface" not in getattr(getattr(forward, "__code__", None), "co_names", ()):
            continue
        eager = forward.__globals__.get("eager_attention_forward")
        if eager is None:
            raise HotfixError(f"{type(module).__name__} has no eager attention to read a map from: use another model.")
        if getattr(module, "is_cross_attention", False) or "CrossAttention" in type(module).__name__:
            raise HotfixError(f"{name} attends from one sequence to another, which is not supported: use an encoder.")
        found.append(AttentionLayer(module, eager))
    if not found:
        raise HotfixError(
            f"{type(model).__name__} does not use Transformers' attention interface, so its attention can't be "
            "intercepted: use a model class that does."
        )
    return tuple(found)


def existing_layers(layers: Iterable[int], count: int) -> tuple[int, ...]:
    """Check that layers exist.

    Args:
        layers: numbers of layers, from 0.
        count: how many layers the model has.

    Returns:
        The numbers as they are.

    Raises:
        HotfixError: `layers` are no numbers, or one of them is not below `count`.
    """
    if isinstance(layers, str | bytes) or not isinstance(layers, Iterable):
        raise HotfixError(f"Layers are named by their numbers, as in [0, 1], not by {layers!r}.")
    chosen = tuple(layers)
    for layer in chosen:
        if isinstance(layer, bool) or not isinstance(layer, int) or not 0 <= layer < count:
            raise HotfixError(f"There is no layer {layer!r}: this model's layers are 0 to {count - 1}.")
    return chosen
