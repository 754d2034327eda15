"""What one open block knows, and which blocks are in force for a call.

Open blocks are listed in a context variable, so that threads and tasks never meet each other's. A block is in force
for a forward that begins while it is open, in the context that opened it (or one copied from it, as tasks and
`asyncio.to_thread` do), and, if it was opened in a generator, while that generator runs. What was decided when a
forward began holds until it ends, even if the block is left meanwhile.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any

from torch import Tensor, nn

from ..column import Column
from ..detector.contract import ColumnDetector, Manner
from ..detector.flagging import Flagging
from ..detector.following import Following
from ..errors import HotfixError
from .attachment import hold, release
from .layers import AttentionLayer
from .turn import innermost_generator, runs

# Maps, flags, benign attention and allowed entries in, repaired maps out, as `redistribute` does it.
Formula = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


@dataclass
class Forward:
    """What one session has seen so far in one forward pass, in one context.

    Attributes:
        fired: how often each layer ran.
        maps: the map of each layer that is needed, `[batch, heads, queries, keys]`, as the model used it.
        scores: the detector's scores in each watched layer, `[batch, heads, keys]`.
        flagged: what was redistributed in each layer, bool `[batch, heads, keys]`.
        found: flags that are still to be followed in each layer, bool `[batch, keys]`.
        valid: bool `[batch, keys]`, `False` for padding; `None` until a layer with flags to follow has run.
        tokens: of a text, int64 `[batch, keys]`, or their vectors `[batch, keys, size]`.
        unreadable: inputs whose maps hold values that are no numbers, bool `[batch]`; `None` if there are none.
        following: for each input how its flags were followed; empty if none were.
        thread: the thread in which it runs.
    """

    fired: Counter[int] = field(default_factory=Counter)
    maps: dict[int, Tensor] = field(default_factory=dict)
    scores: dict[int, Tensor] = field(default_factory=dict)
    flagged: dict[int, Tensor] = field(default_factory=dict)
    found: dict[int, Tensor] = field(default_factory=dict)
    valid: Tensor | None = None
    tokens: Tensor | None = None
    unreadable: Tensor | None = None
    following: tuple[Following | None, ...] = ()
    thread: int = field(default_factory=threading.get_ident)


@dataclass(frozen=True)
class Call:
    """A model, and what it was called with.

    Attributes:
        model: a Transformers model.
        args: its positional arguments.
        arguments: its keyword arguments.
    """

    model: nn.Module
    args: Any
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Repaired:
    """What a model gives while columns are repaired.

    Attributes:
        output: its output.
        flagged: which columns were redistributed in each layer, bool `[batch, heads, keys]`.
        maps: the maps of all layers, `[batch, heads, queries, keys]`.
        scores: by which columns were flagged, in the layers that the detector looked at, `[batch, heads, keys]`.
    """

    output: Any
    flagged: dict[int, Tensor]
    maps: tuple[Tensor, ...]
    scores: dict[int, Tensor]

    @property
    def logits(self) -> Tensor:
        """Its answers, `[batch, classes]`. Raises `HotfixError` if the model is no classifier."""
        return logits_of(self.output)


def logits_of(output: Any) -> Tensor:
    """The answers in a model's output, `[batch, classes]`, detached. Raises `HotfixError` if it is no classifier's."""
    logits = getattr(output, "logits", None)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise HotfixError("This detector follows triggers by the model's answer: call a model for classification.")
    return logits.detach()


@dataclass(frozen=True)
class Repair:
    """What a hot-fix does to the maps.

    Attributes:
        detector: scores columns; `None` if only `columns` are repaired.
        watched: numbers of the layers that the detector scores.
        threshold: the score from which on a column is flagged; `None` for the detector's own.
        columns: columns to redistribute whatever the detector says.
        formula: how flagged columns are repaired.
        follow: what is done with the flags of a detector that follows them; `None` if they are repaired where they are.
        follow_rows: how many trials following may cost each input; `None` for as many as the detector says.
    """

    detector: ColumnDetector | None
    watched: frozenset[int]
    threshold: float | None
    columns: tuple[Column, ...]
    formula: Formula
    follow: Callable[[Call, Any, Forward, Repair], Repaired | None] | None = None
    follow_rows: int | None = None

    @cached_property
    def manner(self) -> Manner:
        """How the detector's flags are to be read."""
        return Manner.of(self.detector)

    @cached_property
    def flagging(self) -> Flagging:
        """From which scores on a column is flagged."""
        return Flagging.of(self.detector, self.threshold)


@dataclass(frozen=True)
class Held:
    """Something of a model to attach to while a block is open.

    Attributes:
        thing: a config of the model.
        attach: attaches to it, and returns what undoes that.
    """

    thing: Any
    attach: Callable[[Any], Callable[[], None]]


_serial = itertools.count()


@dataclass(eq=False)
class Session:
    """One open block.

    Attributes:
        model: a Transformers model.
        found: its attention layers.
        needed: numbers of the layers whose maps are kept or repaired.
        repair: what is done to the maps; `None` if nothing is.
        publish: called with each finished forward pass.
        held: what to attach to, beside the model, while the block is open.
        numbers: the number of each layer, by the `id` of its module.
        serial: of two open blocks the later one is the inner one.
        generator: the frame of the generator that the block was opened in, if any.
        closed: whether the block was left.
        forwards: how many forward passes it was in force for.
        passed_over: how many ran while its generator was suspended.
    """

    model: nn.Module
    found: tuple[AttentionLayer, ...]
    needed: frozenset[int]
    repair: Repair | None
    publish: Callable[[Forward], None]
    held: tuple[Held, ...]
    numbers: dict[int, int] = field(init=False)
    serial: int = field(default_factory=lambda: next(_serial))
    generator: FrameType | None = None
    closed: bool = False
    forwards: int = 0
    passed_over: int = 0

    def __post_init__(self) -> None:
        self.numbers = {id(layer.module): i for i, layer in enumerate(self.found)}

    def holds(self, thing: Any) -> bool:
        """Whether `thing` is among what is held."""
        return any(held.thing is thing for held in self.held)

    @property
    def in_force(self) -> bool:
        """Whether it is open and the generator that it was opened in, if any, runs."""
        return not self.closed and (self.generator is None or runs(self.generator))


_open: ContextVar[tuple[Session, ...]] = ContextVar("atpatch_open", default=())
_running: ContextVar[dict[Session, Forward] | None] = ContextVar("atpatch_running", default=None)


def open_session(session: Session) -> None:
    """Put a session in force for this context."""
    _attach(session)
    session.generator = innermost_generator(sys._getframe(1))
    _open.set((*_still_open(), session))


def close_session(session: Session) -> None:
    """Take a session out, and no other one, wherever it stands; closing it twice does nothing."""
    if session.closed:
        return
    session.closed = True
    session.generator = None  # a frame keeps all that its function holds
    _open.set(_still_open())
    running = running_forwards()
    if (forward := running.get(session)) is not None and forward.thread == threading.get_ident():
        # The forward was broken off by something that no hook sees, such as a keyboard interrupt.
        _forget({session: forward})
    _detach(session)


def sessions_in_force() -> tuple[Session, ...]:
    """The sessions that a call in this context meets, the outermost first."""
    return tuple(session for session in _open.get() if session.in_force)


def running_forwards() -> dict[Session, Forward]:
    """The forwards that run in this context, by the sessions that they meet."""
    return _running.get() or {}


@contextmanager
def unobserved() -> Iterator[None]:
    """Inside the block no session is in force, so that trial forwards go unnoticed."""
    before = _open.set(())
    try:
        yield
    finally:
        _open.reset(before)


def _still_open() -> tuple[Session, ...]:
    """The listed sessions that were not closed meanwhile, from another context."""
    return tuple(session for session in _open.get() if not session.closed)


# --- attaching ------------------------------------------------------------------------------------------------------


def _attach(session: Session) -> None:
    for held in session.held:
        hold(held.thing, held.attach)
    hold(session.model, _watch_forwards)


def _detach(session: Session) -> None:
    for thing in (session.model, *(held.thing for held in session.held)):
        release(thing)


def _watch_forwards(model: nn.Module) -> Callable[[], None]:
    begin = model.register_forward_pre_hook(_begin_forward, with_kwargs=True)
    end = model.register_forward_hook(_end_forward, always_call=True, with_kwargs=True)

    def undo() -> None:
        begin.remove()
        end.remove()

    return undo


# --- one forward ----------------------------------------------------------------------------------------------------


def _begin_forward(model: nn.Module, args: Any, arguments: dict[str, Any]) -> None:
    mine = {}
    for session in _still_open():
        if session.model is not model:
            continue
        if session.in_force:
            session.forwards += 1
            mine[session] = Forward(tokens=_tokens(args, arguments))
        else:
            session.passed_over += 1
    if mine:
        running = running_forwards()
        _forget({session: running[session] for session in mine if session in running})
        for session in mine:
            _attach(session)  # until the forward ends, whoever leaves the block meanwhile
        _running.set({**running_forwards(), **mine})


def _tokens(args: Any, arguments: dict[str, Any]) -> Tensor | None:
    tokens = arguments.get("input_ids", args[0] if args else None)
    if not isinstance(tokens, Tensor) or tokens.is_floating_point() or tokens.ndim != 2:
        tokens = arguments.get("inputs_embeds")
    return tokens


def _end_forward(model: nn.Module, args: Any, arguments: dict[str, Any], output: Any) -> Any:
    finished = {session: forward for session, forward in running_forwards().items() if session.model is model}
    if not finished:
        return None
    _forget(finished)
    if output is None:  # the forward raised: its own error is the one to see
        return None
    for session, forward in finished.items():
        for layer in sorted(session.needed):
            if forward.fired[layer] != 1:
                raise HotfixError(
                    f"Attention layer {layer} ran {forward.fired[layer]} times in one forward instead of once, so this "
                    "model can't be repaired reliably: use one whose layers each run once."
                )
    again = _follow(Call(model, args, arguments), output, finished)
    for session, forward in finished.items():
        session.publish(forward)
    return again


def _follow(call: Call, output: Any, finished: dict[Session, Forward]) -> Any:
    """The output of the model with everything repaired that its flags lead to; `None` if they lead nowhere."""
    deciding = innermost_repair(finished)
    if deciding is None or deciding.repair is None or deciding.repair.follow is None:
        return None
    forward = finished[deciding]
    with unobserved():
        repaired = deciding.repair.follow(call, output, forward, deciding.repair)
    if repaired is None:
        return None
    forward.flagged = repaired.flagged
    for seen in finished.values():
        seen.maps = {layer: repaired.maps[layer] for layer in seen.maps}
    return repaired.output


def _forget(forwards: dict[Session, Forward]) -> None:
    _running.set({session: forward for session, forward in running_forwards().items() if session not in forwards})
    for session in forwards:
        _detach(session)


def innermost_repair(sessions: Any) -> Session | None:
    """Of `sessions`, the hot-fix that was opened last; it decides alone."""
    return max(
        (session for session in sessions if session.repair is not None),
        key=lambda session: session.serial,
        default=None,
    )
