"""Capture and repair attention maps while a Transformers model runs.

This is the one module that touches Transformers' internals. Every model that looks up its attention function through
`AttentionInterface` (ViT, DeiT, Swin, BERT, RoBERTa, DistilBERT, ModernBERT, GPT-2, Llama, ...) is reached by
registering two functions there *and* in `AttentionMaskInterface`; without the second one Transformers would silently
drop the padding mask.

    with capture(model) as maps:                  # nothing is changed, every layer's map is kept
        model(**inputs)
    maps.layers[0]                                # [batch, heads, queries, keys]

    with hotfix(model, detector) as fix:          # flagged columns are redistributed
        logits = model(**inputs).logits
    fix.flagged[0]                                # [batch, heads, keys]

A detector with a `reach` is one for triggers of several columns of which only one may stand out: its flags are first
followed to the whole run of columns that carries the hijack (`detector/reach.py`), and then the model runs again with
all of them redistributed. Where nothing is flagged, nothing runs twice.

What is promised:

* The state is per call: it lives in a context variable, so threads that share one cached model never meet each
  other's fix. A thread that opened neither `capture` nor `hotfix` gets exactly what the stock model gives, even while
  another thread holds one. Threads started *inside* a `with` block don't inherit it.
* Layers that are neither watched nor captured keep the model's own implementation (SDPA or eager). All others run the
  `eager_attention_forward` of the model's own file, so that with nothing flagged the logits are bit-identical to a
  stock eager model's.
* Leaving the block, also through an exception, leaves nothing behind: implementation, hooks, mode, RNG and weights
  are as before.
* Nested use: the innermost `hotfix` decides, alone; every `capture` keeps the maps the model really used.
* Whatever can't be intercepted is refused with a sentence and never silently left unpatched: every layer in question
  must fire exactly once in each forward of the model. Also refused: attention dropout in training mode,
  cross-attention, steps on a key-value cache, implementations other than SDPA and eager, compiled models.
"""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from numbers import Real
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from .detector.contract import ColumnDetector
from .detector.joint import Jointly, joint_scores
from .detector.known import KnownColumns
from .detector.reach import Carried, Reach, carriers
from .detector.repeats import added_up, first_places, given_to_all, token_numbers
from .errors import DetectorError, HotfixError
from .inspection import Column
from .redistribution import redistribute

# An additive mask below this leaves e^-50 of a weight: nothing, in any precision. (Swin masks with -100.)
_MASKED_BELOW = -50.0
_ORIGINALS = ("sdpa", "eager")
_PROBED = 64  # inputs in one forward, when it is asked what carries a hijack
FLAG_NOTHING = float("inf")
# Maps, flags, benign attention and allowed entries in, repaired maps out, as `redistribute` does it.
Formula = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


class Subjectlike(Protocol):
    """Anything that carries a model and the detector made for it."""

    @property
    def model(self) -> nn.Module:
        """A Transformers model."""
        ...

    @property
    def detector(self) -> ColumnDetector | None:
        """Its detector, if there is one."""
        ...


@dataclass
class Maps:
    """The maps of the last forward inside a `capture`: `layers[i]` is `[batch, heads, queries, keys]`, detached."""

    layers: tuple[Tensor, ...] = ()


@dataclass
class Fix:
    """What a `hotfix` did in the last forward.

    `scores[i]` and `flagged[i]` are `[batch, heads, keys]` for layer `i`, or `None` where the layer was not looked at.
    """

    scores: tuple[Tensor | None, ...] = ()
    flagged: tuple[Tensor | None, ...] = ()


def attention_layers(model: nn.Module) -> tuple[nn.Module, ...]:
    """The modules of `model` that hold an attention map, in the order of their names.

    Raises `HotfixError` when there are none or when they bypass Transformers' attention interface.
    """
    return tuple(layer.module for layer in _find_layers(model))


@contextmanager
def capture(model: nn.Module, layers: Iterable[int] | None = None) -> Iterator[Maps]:
    """Keep the attention maps of `layers` (default: all) of every forward of `model` inside the block.

    Raises `HotfixError` when the model's attention can't be intercepted.
    """
    found = _find_layers(model)
    chosen = frozenset(range(len(found)) if layers is None else _existing(layers, len(found)))
    maps = Maps()

    def publish(forward: _Forward) -> None:
        maps.layers = tuple(forward.maps[layer].detach() for layer in sorted(chosen))

    with _session(_Session(model, found, chosen, None, publish)):
        yield maps


@contextmanager
def hotfix(
    subject: Subjectlike | nn.Module,
    detector: ColumnDetector | None = None,
    *,
    threshold: float | None = None,
    columns: Sequence[Column] = (),
    formula: Formula = redistribute,
) -> Iterator[Fix]:
    """Redistribute over-attended columns in every forward inside the block (AtPatch, arXiv 2601.21695).

    Args:
        subject: a subject, or a bare Transformers model.
        detector: flags columns; by default the subject's own. A bare model needs one, or `columns`.
        threshold: the score from which on a column is flagged; by default the detector's calibrated one. Scores end
            at 1, so with `FLAG_NOTHING` the detector only scores.
        columns: columns to redistribute whatever the detector says, in every input of the batch.
        formula: how flagged columns are repaired; anything but redistribution is there to be compared with it.

    Raises:
        DetectorError: there is neither a detector nor a column, or the detector was made for another number of
            layers (`load` checks the weights, too).
        HotfixError: the model's attention can't be intercepted, or it is called in a way that can't be repaired.
    """
    model: nn.Module
    if isinstance(subject, nn.Module):
        model = subject
    else:
        model, detector = subject.model, detector or subject.detector
    if detector is None and not columns:
        raise DetectorError("There is no detector for this model: train one, or name the columns to redistribute.")
    if threshold is not None and not (isinstance(threshold, Real) and threshold >= 0):
        raise DetectorError(f"A threshold is a number from 0 up, not {threshold}.")
    found = _find_layers(model)
    if detector is not None and detector.layers != len(found):
        raise DetectorError(
            f"This detector was made for a model with {detector.layers} attention layers, this model has {len(found)}: "
            "use the detector that was trained for it."
        )
    watched = frozenset(detector.watched if detector is not None else ())
    by_hand = _existing((column.layer for column in columns), len(found))
    repair = _Repair(detector, watched, threshold, tuple(columns), formula)
    fix = Fix()

    def publish(forward: _Forward) -> None:
        fix.scores = tuple(forward.scores.get(layer) for layer in range(len(found)))
        fix.flagged = tuple(forward.flagged.get(layer) for layer in range(len(found)))

    with _session(_Session(model, found, watched | frozenset(by_hand), repair, publish)):
        yield fix


# --- which modules -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layer:
    module: nn.Module
    eager: Callable[..., tuple[Tensor, Tensor]]


def _find_layers(model: nn.Module) -> tuple[_Layer, ...]:
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
        found.append(_Layer(module, eager))
    if not found:
        raise HotfixError(
            f"{type(model).__name__} does not use Transformers' attention interface, so its attention can't be "
            "intercepted: use a model class that does."
        )
    return tuple(found)


def _existing(layers: Iterable[int], count: int) -> tuple[int, ...]:
    chosen = tuple(layers)
    for layer in chosen:
        if not 0 <= layer < count:
            raise HotfixError(f"There is no layer {layer}: this model's layers are 0 to {count - 1}.")
    return chosen


# --- one open block ----------------------------------------------------------------------------------------------


@dataclass
class _Forward:
    """What one session has seen so far in one forward, in one context."""

    fired: Counter[int] = field(default_factory=Counter)
    maps: dict[int, Tensor] = field(default_factory=dict)
    scores: dict[int, Tensor] = field(default_factory=dict)
    flagged: dict[int, Tensor] = field(default_factory=dict)
    found: dict[int, Tensor] = field(default_factory=dict)  # flags that are to be followed, [batch, keys]
    valid: Tensor | None = None
    tokens: Tensor | None = None  # of a text, int64 [batch, keys], or their vectors [batch, keys, size]


@dataclass(frozen=True)
class _Repair:
    detector: ColumnDetector | None
    watched: frozenset[int]
    threshold: float | None
    columns: tuple[Column, ...]
    formula: Formula

    @property
    def reach(self) -> Reach | Jointly | None:
        """How far the detector's flags are followed; `None` means that each is repaired where it is."""
        reach: Reach | Jointly | None = getattr(self.detector, "reach", None)
        return reach

    @property
    def limit(self) -> float:
        """The score from which on a column is flagged."""
        if self.threshold is not None:
            return self.threshold
        return FLAG_NOTHING if self.detector is None else self.detector.threshold

    def flagged(self, scores: Tensor, valid: Tensor) -> Tensor:
        """Which columns of `scores` (`[batch, ..., keys]`) are flagged, as bool; `valid` is broadcastable to them."""
        flagged = (scores >= self.limit) & valid
        alongside: float | None = getattr(self.detector, "alongside", None)
        if alongside is not None and alongside < self.limit:
            suspected = flagged.flatten(1).any(1)
            flagged |= (scores >= alongside) & valid & suspected[(..., *[None] * (scores.ndim - 1))]
        return flagged


@dataclass(frozen=True, eq=False)
class _Session:
    model: nn.Module
    found: tuple[_Layer, ...]
    needed: frozenset[int]
    repair: _Repair | None
    publish: Callable[[_Forward], None]
    numbers: dict[int, int] = field(init=False)
    configs: dict[int, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", {id(layer.module): i for i, layer in enumerate(self.found)})
        object.__setattr__(self, "configs", _configs(self.model, self.found))


_open: ContextVar[tuple[_Session, ...]] = ContextVar("atpatch_open", default=())
_running: ContextVar[dict[_Session, _Forward] | None] = ContextVar("atpatch_running", default=None)


@contextmanager
def _session(session: _Session) -> Iterator[None]:
    _attach(session)
    before = _open.get()
    _open.set((*before, session))
    try:
        yield
    finally:
        _open.set(before)
        _detach(session)


def _begin_forward(model: nn.Module, args: Any, arguments: dict[str, Any]) -> None:
    tokens = arguments.get("input_ids", args[0] if args else None)
    if not isinstance(tokens, Tensor) or tokens.is_floating_point() or tokens.ndim != 2:
        tokens = arguments.get("inputs_embeds")
    mine = {session: _Forward(tokens=tokens) for session in _open.get() if session.model is model}
    if mine:
        _running.set({**(_running.get() or {}), **mine})


def _end_forward(model: nn.Module, args: Any, arguments: dict[str, Any], output: Any) -> Any:
    running = _running.get() or {}
    finished = {session: forward for session, forward in running.items() if session.model is model}
    if not finished:
        return None
    _running.set({session: forward for session, forward in running.items() if session.model is not model})
    if output is None:  # the forward raised: its own error is the one to see
        return None
    for session, forward in finished.items():
        for layer in sorted(session.needed):
            if forward.fired[layer] != 1:
                raise HotfixError(
                    f"Attention layer {layer} ran {forward.fired[layer]} times in one forward instead of once, so this "
                    "model can't be repaired reliably: use one whose layers each run once."
                )
    again = _follow(model, args, arguments, output, finished)
    for session, forward in finished.items():
        session.publish(forward)
    return again


# --- flags that are followed to the run of columns behind them ------------------------------------------------------


def _follow(
    model: nn.Module, args: Any, arguments: dict[str, Any], output: Any, finished: dict[_Session, _Forward]
) -> Any:
    """The output of `model` with everything repaired that its flags lead to; `None` if they lead nowhere."""
    deciding = next((session for session in reversed(list(finished)) if session.repair is not None), None)
    if deciding is None or deciding.repair is None or deciding.repair.reach is None:
        return None
    forward, repair, reach = finished[deciding], deciding.repair, deciding.repair.reach
    if isinstance(reach, Jointly):
        _judge_jointly(forward, repair)
    if repair.detector is None or not any(bool(one.any()) for one in forward.found.values()):
        return None
    opened = _open.set(())  # nobody who looks on is to see the trials
    call = _Call(model, args, arguments)
    try:
        if isinstance(reach, Reach):
            repaired = _followed(call, output, forward, repair, repair.detector, reach)
        else:
            columns = torch.stack(list(forward.found.values())).any(0)
            repaired = _run_repaired(call, repair, repair.detector, columns, reach.layers)
    finally:
        _open.reset(opened)
    forward.flagged = repaired.flagged
    for one in finished.values():
        one.maps = {layer: repaired.maps[layer] for layer in one.maps}
    return repaired.output


@dataclass(frozen=True)
class _Call:
    """A model, and what it was called with."""

    model: nn.Module
    args: Any
    arguments: dict[str, Any]


@dataclass(frozen=True)
class _Repaired:
    """What a model answers while columns are repaired, which ones were in each layer, and its maps of all layers."""

    output: Any
    flagged: dict[int, Tensor]
    maps: tuple[Tensor, ...]


def _run_repaired(
    call: _Call, repair: _Repair, detector: ColumnDetector, columns: Tensor, layers: tuple[int, ...]
) -> _Repaired:
    """Run the model again with `columns` (bool `[batch, keys]`) redistributed in all heads of `layers`."""
    carried = Carried(detector, columns, layers)
    with (
        hotfix(call.model, carried, columns=repair.columns, formula=repair.formula) as fix,
        capture(call.model) as kept,
    ):
        output = call.model(*call.args, **call.arguments)
    return _Repaired(output, {layer: one for layer, one in enumerate(fix.flagged) if one is not None}, kept.layers)


def _followed(
    call: _Call, output: Any, forward: _Forward, repair: _Repair, detector: ColumnDetector, reach: Reach
) -> _Repaired:
    """Repair what the flags lead to, look again, and repair what is flagged then, too, until nothing is."""
    valid = forward.valid
    if valid is None:
        raise HotfixError("This detector follows triggers from layers that it watches, but it watched none.")
    scores = _highest([forward.scores[layer] for layer in forward.found])
    flagged = torch.stack(list(forward.found.values())).any(0)
    columns = torch.zeros_like(valid)
    for _ in range(reach.looks):
        columns = columns | _carriers(call, output, scores, flagged, valid, columns, detector, reach)
        repaired = _run_repaired(call, repair, detector, columns, reach.layers)
        output = repaired.output
        seen = [_scores(detector, layer, repaired.maps[layer], valid, forward.tokens) for layer in forward.found]
        scores = _highest(seen).masked_fill(columns, 0.0)
        flagged = repair.flagged(scores, valid) & ~columns
        if not bool(flagged.any()):
            break
    return repaired


def _highest(scores: Sequence[Tensor]) -> Tensor:
    """The highest score of each column in any head of any layer, float32 `[batch, keys]`."""
    return torch.stack([one.float().amax(1) for one in scores]).amax(0)


def _judge_jointly(forward: _Forward, repair: _Repair) -> None:
    """Give every head of the watched layers the columns' joint score, and flag by it."""
    if forward.valid is None or not forward.scores:
        return
    joint = joint_scores(list(forward.scores.values()))
    flagged = repair.flagged(joint, forward.valid)
    forward.scores = {layer: joint[:, None].expand_as(one) for layer, one in forward.scores.items()}
    forward.found = dict.fromkeys(forward.scores, flagged)


def _carriers(
    call: _Call,
    output: Any,
    scores: Tensor,
    flagged: Tensor,
    valid: Tensor,
    repaired: Tensor,
    detector: ColumnDetector,
    reach: Reach,
) -> Tensor:
    """The flagged columns and the runs around them that carry the hijack, bool `[batch, keys]`."""
    logits = getattr(output, "logits", None)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise HotfixError("This detector follows triggers by the model's answer: call a model for classification.")
    batch = len(logits)

    def probe(rows: Tensor, shut_out: Tensor) -> Tensor:
        answers = []
        for some, columns in zip(torch.split(rows, _PROBED), torch.split(shut_out, _PROBED), strict=True):
            known = KnownColumns(detector.layers, dict.fromkeys(reach.layers, columns[:, None]))
            with torch.no_grad(), hotfix(call.model, known):
                called = call.model(
                    *(_rows(one, some, batch) for one in call.args),
                    **{name: _rows(one, some, batch) for name, one in call.arguments.items() if name != "labels"},
                )
            answers.append(called.logits)
        return torch.cat(answers)

    found = carriers(scores.cpu(), flagged.cpu(), valid.cpu(), repaired.cpu(), logits.detach().cpu(), probe, reach)
    return found.to(logits.device)


def _rows(value: Any, rows: Tensor, batch: int) -> Any:
    """The `rows` of an argument that has a row for each input of the batch."""
    return value[rows.to(value.device)] if isinstance(value, Tensor) and len(value) == batch else value


# --- attaching to a model: counted, because threads share models ---------------------------------------------------


@dataclass
class _Attachment:
    held: object  # keeps the object alive, so that its id stays its own
    count: int
    undo: Callable[[], None]


_lock = threading.RLock()
_attachments: dict[int, _Attachment] = {}


def _configs(model: nn.Module, found: Sequence[_Layer]) -> dict[int, Any]:
    """The configs that say which attention and which mask `model` uses, by id."""
    usable = (*_ORIGINALS, *_NAMES.values())
    for layer in found:
        implementation = getattr(getattr(layer.module, "config", None), "_attn_implementation", None)
        if implementation not in usable:
            raise HotfixError(
                f"Attention implementation {implementation!r} gives no maps: load the model with "
                "attn_implementation='sdpa' or 'eager'."
            )
    # Masks are made by the parents of the attention layers, which may have a config of their own.
    configs = (getattr(module, "config", None) for module in model.modules())
    return {id(config): config for config in configs if getattr(config, "_attn_implementation", None) in usable}


def _attach(session: _Session) -> None:
    with _lock:
        for config in session.configs.values():
            _hold(config, _redirect)
        _hold(session.model, _watch_forwards)


def _detach(session: _Session) -> None:
    with _lock:
        for thing in (session.model, *session.configs.values()):
            _release(thing)


def _hold(thing: object, attach: Callable[[Any], Callable[[], None]]) -> None:
    attachment = _attachments.get(id(thing))
    if attachment is None:
        attachment = _attachments[id(thing)] = _Attachment(thing, 0, attach(thing))
    attachment.count += 1


def _release(thing: object) -> None:
    attachment = _attachments[id(thing)]
    attachment.count -= 1
    if attachment.count == 0:
        del _attachments[id(thing)]
        attachment.undo()


def _redirect(config: Any) -> Callable[[], None]:
    original = config._attn_implementation
    config._attn_implementation_internal = _NAMES[original]

    def undo() -> None:
        config._attn_implementation_internal = original

    return undo


def _watch_forwards(model: nn.Module) -> Callable[[], None]:
    begin = model.register_forward_pre_hook(_begin_forward, with_kwargs=True)
    end = model.register_forward_hook(_end_forward, always_call=True, with_kwargs=True)

    def undo() -> None:
        begin.remove()
        end.remove()

    return undo


# --- the registered functions --------------------------------------------------------------------------------------


def _mask(original: Callable[..., Tensor | None], *, config: Any = None, **arguments: Any) -> Tensor | None:
    """An additive mask for whoever has a block open on a model of this config, else the original kind of mask."""
    make = eager_mask if any(id(config) in session.configs for session in _open.get()) else original
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
    sessions = [session for session in _open.get() if id(module) in session.numbers]
    running = _running.get() or {}
    for session in sessions:
        if session not in running:
            raise HotfixError("A part of the model was called on its own: inside the block, call the whole model.")
        running[session].fired[session.numbers[id(module)]] += 1
    needing = [session for session in sessions if session.numbers[id(module)] in session.needed]
    # The innermost hot-fix decides alone, also where it has nothing to do with this layer.
    deciding = next((session for session in reversed(sessions) if session.repair is not None), None)
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
    if deciding is not None and deciding.repair is not None and deciding in needing:
        number = deciding.numbers[id(module)]
        visible = None if mask is None else (mask > _MASKED_BELOW).expand(attention.shape)
        repaired = _repair(deciding.repair, number, attention, visible, running[deciding])
        if repaired is not attention:
            output = _apply(module, attention, repaired, running[deciding].flagged[number], value, output)
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


def _repair(repair: _Repair, layer: int, attention: Tensor, visible: Tensor | None, forward: _Forward) -> Tensor:
    batch, heads, _, keys = attention.shape
    if visible is None:
        valid = torch.ones(batch, keys, dtype=torch.bool, device=attention.device)
    else:
        valid = visible.any(1).any(1)
    detector = repair.detector
    flagged = torch.zeros(batch, heads, keys, dtype=torch.bool, device=attention.device)
    if detector is not None and layer in repair.watched:
        scores = _scores(detector, layer, attention, valid, forward.tokens)
        if bool(scores.isnan().any()):
            raise DetectorError(f"The detector's score for layer {layer} is not a number: train it again.")
        forward.scores[layer] = scores
        flagged = repair.flagged(scores, valid[:, None])
        if repair.reach is not None:  # what is flagged is repaired once it is known how far it reaches
            forward.found[layer], forward.valid = flagged.any(1), valid
            flagged = torch.zeros_like(flagged)
    for column in repair.columns:
        if column.layer == layer:
            if not (0 <= column.head < heads and 0 <= column.key < keys):
                raise HotfixError(
                    f"Layer {layer} has {heads} heads and {keys} columns for this input, so there is no column "
                    f"{column.key} of head {column.head}: name one that exists."
                )
            flagged[:, column.head, column.key] = valid[:, column.key]
    forward.flagged[layer] = flagged
    if not bool(flagged.any()):
        return attention
    if detector is not None:
        benign = detector.benign(layer, attention, valid)
    else:
        benign = (1.0 / valid.sum(-1).clamp(min=1)).to(attention.dtype)[:, None, None, None]
    return repair.formula(attention, flagged, benign, visible)


def _scores(detector: ColumnDetector, layer: int, attention: Tensor, valid: Tensor, tokens: Tensor | None) -> Tensor:
    """The detector's scores `[batch, heads, keys]`; copies of a token are judged as one where it wants that."""
    if not getattr(detector, "adds_repeats", False) or tokens is None or tokens.shape[:2] != valid.shape:
        return detector.score(layer, attention, valid, valid)
    first = first_places(token_numbers(tokens), valid)
    return given_to_all(detector.score(layer, added_up(attention, first), valid, valid), first)


def _apply(module: nn.Module, before: Tensor, after: Tensor, flagged: Tensor, value: Tensor, output: Tensor) -> Tensor:
    """Recompute the layer's output from the repaired maps, only for the inputs that were flagged."""
    values = value.repeat_interleave(before.shape[1] // value.shape[1], dim=1)
    hit = flagged.flatten(1).any(1)
    expected = torch.matmul(before[hit], values[hit]).transpose(1, 2)
    tolerance = 1e-3 if before.dtype in (torch.float32, torch.float64) else 5e-2
    if not torch.allclose(expected, output[hit], rtol=tolerance, atol=tolerance):
        raise HotfixError(
            f"{type(module).__name__} does more with its map than weigh the values, so a repaired map would have no "
            "defined effect: use another model."
        )
    repaired = output.clone()
    repaired[hit] = torch.matmul(after[hit], values[hit]).transpose(1, 2).to(output.dtype)
    return repaired


_NAMES = {original: f"atpatch_over_{original}" for original in _ORIGINALS}
for _original, _original_mask in (("sdpa", sdpa_mask), ("eager", eager_mask)):
    AttentionInterface.register(_NAMES[_original], partial(_attend, _original))
    AttentionMaskInterface.register(_NAMES[_original], partial(_mask, _original_mask))
