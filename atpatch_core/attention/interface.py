"""Intercept attention through Transformers' attention interface.

This is the one module that touches Transformers' internals. Every model that looks up its attention function through
`AttentionInterface` (ViT, DeiT, Swin, BERT, RoBERTa, DistilBERT, ModernBERT, GPT-2, Llama, ...) is reached by
registering two functions there *and* in `AttentionMaskInterface`; without the second one Transformers would silently
drop the padding mask.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from ..errors import HotfixError
from .layers import ORIGINALS, AttentionLayer
from .repair import output_of_repaired, repaired_map
from .session import Held, innermost_repair, running_forwards, sessions_in_force

# An additive mask below this leaves e^-50 of a weight: nothing, in any precision. (Swin masks with -100.)
_MASKED_BELOW = -50.0
# The names under which the functions that intercept are registered in place of the original implementations.
_NAMES = {original: f"atpatch_over_{original}" for original in ORIGINALS}


def held_configs(model: nn.Module, layers: Sequence[AttentionLayer]) -> tuple[Held, ...]:
    """The configs that say which attention and which mask a model uses; an open block redirects them to this module.

    Args:
        model: a Transformers model.
        layers: its attention layers.

    Raises:
        HotfixError: a layer's implementation gives no maps.
    """
    usable = (*ORIGINALS, *_NAMES.values())
    for layer in layers:
        implementation = getattr(getattr(layer.module, "config", None), "_attn_implementation", None)
        if implementation not in usable:
            raise HotfixError(
                f"Attention implementation {implementation!r} gives no maps: load the model with "
                "attn_implementation='sdpa' or 'eager'."
            )
    # Masks are made by the parents of the attention layers, which may have a config of their own.
    configs = (getattr(module, "config", None) for module in model.modules())
    used = {id(config): config for config in configs if getattr(config, "_attn_implementation", None) in usable}
    return tuple(Held(config, _redirect) for config in used.values())


def _redirect(config: Any) -> Callable[[], None]:
    original = config._attn_implementation
    config._attn_implementation_internal = _NAMES[original]

    def undo() -> None:
        config._attn_implementation_internal = original

    return undo


def _mask(original: Callable[..., Tensor | None], *, config: Any = None, **arguments: Any) -> Tensor | None:
    """An additive mask for whoever has a block open on a model of this config, else the original kind of mask."""
    sessions = (*sessions_in_force(), *running_forwards())
    make = eager_mask if any(session.holds(config) for session in sessions) else original
    return make(config=config, **arguments)


def _attend(
    original: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **arguments: Any,
) -> tuple[Tensor, Tensor | None]:
    running = running_forwards()
    if any(id(module) in session.numbers and session not in running for session in sessions_in_force()):
        raise HotfixError("A part of the model was called on its own: inside the block, call the whole model.")
    sessions = sorted(
        (session for session in running if id(module) in session.numbers), key=lambda session: session.serial
    )
    for session in sessions:
        running[session].fired[session.numbers[id(module)]] += 1
    needing = [session for session in sessions if session.numbers[id(module)] in session.needed]
    if not needing:
        return _run_original(original, module, query, key, value, attention_mask, arguments)

    if module.training and arguments.get("dropout", 0.0) > 0:
        raise HotfixError("Attention dropout is on, which scrambles the maps: call model.eval() first.")
    if query.shape[-2] != key.shape[-2]:
        raise HotfixError(
            f"This step has {query.shape[-2]} queries for {key.shape[-2]} keys (a key-value cache or cross-attention), "
            "which can't be repaired: run the model on the whole input with use_cache=False."
        )
    mask = _additive(attention_mask, module, query, arguments)
    number = needing[-1].numbers[id(module)]
    output, attention = needing[-1].found[number].eager(module, query, key, value, mask, **arguments)
    # The innermost hot-fix decides alone, also where it has nothing to do with this layer.
    deciding = innermost_repair(sessions)
    if deciding is not None and deciding.repair is not None and deciding in needing:
        number = deciding.numbers[id(module)]
        visible = None if mask is None else (mask > _MASKED_BELOW).expand(attention.shape)
        repaired = repaired_map(deciding.repair, number, attention, visible, running[deciding])
        if repaired is not attention:
            flagged = running[deciding].flagged[number]
            output = output_of_repaired(module, attention, repaired, flagged, value, output)
            attention = repaired
    for session in needing:
        running[session].maps[session.numbers[id(module)]] = attention
    return output, attention


def _run_original(
    original: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    arguments: dict[str, Any],
) -> tuple[Tensor, Tensor | None]:
    if original == "sdpa":
        output, weights = sdpa_attention_forward(module, query, key, value, mask, **arguments)
        return output, weights
    eager = inspect.unwrap(type(module).forward).__globals__["eager_attention_forward"]
    output, weights = eager(module, query, key, value, mask, **arguments)
    return output, weights


def _additive(mask: Tensor | None, module: nn.Module, query: Tensor, arguments: dict[str, Any]) -> Tensor | None:
    """The mask as the eager functions add it; a causal layer that came without one gets its triangle."""
    lowest = torch.finfo(query.dtype).min
    if mask is None:
        causal = arguments.get("is_causal")
        if not (getattr(module, "is_causal", False) if causal is None else causal):
            return None
        length = query.shape[-2]
        mask = torch.ones(1, 1, length, length, dtype=torch.bool, device=query.device).tril()
    if mask.dtype == torch.bool:
        return torch.zeros(mask.shape, dtype=query.dtype, device=mask.device).masked_fill(~mask, lowest)
    return mask


for _original, _original_mask in (("sdpa", sdpa_mask), ("eager", eager_mask)):
    AttentionInterface.register(_NAMES[_original], partial(_attend, _original))
    AttentionMaskInterface.register(_NAMES[_original], partial(_mask, _original_mask))
