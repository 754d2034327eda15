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
    """A module with an attention map, and the function of its own file that computes the map openly."""

    module: nn.Module
    eager: Callable[..., tuple[Tensor, Tensor]]


def attention_layers(model: nn.Module) -> tuple[nn.Module, ...]:
    """The modules of `model` that hold an attention map, in the order of their names.

    Raises `HotfixError` when there are none or when they bypass Transformers' attention interface.
    """
    return tuple(layer.module for layer in find_layers(model))


def find_layers(model: nn.Module) -> tuple[AttentionLayer, ...]:
    """The same as `attention_layers`, each with its eager function. Raises `HotfixError`."""
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
    """`layers` as they are. Raises `HotfixError` when one is not the number of one of `count` layers."""
    if isinstance(layers, str | bytes) or not isinstance(layers, Iterable):
        raise HotfixError(f"Layers are named by their numbers, as in [0, 1], not by {layers!r}.")
    chosen = tuple(layers)
    for layer in chosen:
        if isinstance(layer, bool) or not isinstance(layer, int) or not 0 <= layer < count:
            raise HotfixError(f"There is no layer {layer!r}: this model's layers are 0 to {count - 1}.")
    return chosen
