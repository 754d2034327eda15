"""Generators that open, use and leave blocks in random order, against a simple model of what each call must see.

The model: of the blocks that are open, a call meets those of the code it was made from, that is, of `main` and of every
generator between `main` and the call. Of the hot-fixes among them the one opened last decides; every capture keeps the
maps that were used.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from atpatch_core.attention import capture, hotfix
from atpatch_core.attention.attachment import _attachments
from atpatch_core.attention.block import Block
from tests.support.tiny_models import RuleDetector, build, column, inputs

_MODEL = build("vit")
_BATCH = inputs("vit", batch=1)
_FIXES = (None, 1, 2, 3)  # the column that a fix redistributes; None is a capture
_ACTORS = 3


def _block(model: nn.Module, key: int | None) -> Block[Any]:
    return capture(model) if key is None else hotfix(model, RuleDetector(3, (0, 1, 2), column(key)))


def _alone(key: int | None) -> tuple[Tensor, Tensor]:
    """Logits and the last layer's map under one fix."""
    with torch.no_grad(), _block(_MODEL, key), capture(_MODEL) as maps:
        return _MODEL(**_BATCH).logits, maps.layers[-1]


_EXPECTED = {key: _alone(key) for key in _FIXES}


@dataclass
class _Opened:
    key: int | None
    serial: int
    block: Block[Any]
    result: Any


@dataclass
class _Scope:
    """The blocks that one piece of code has open, as the model keeps them."""

    opened: list[_Opened] = field(default_factory=list)


@dataclass
class _World:
    """Main (scope 0) and generators (1, ...), and which of them run right now, the outermost first."""

    scopes: list[_Scope] = field(default_factory=lambda: [_Scope() for _ in range(_ACTORS + 1)])
    running: list[int] = field(default_factory=lambda: [0])
    actors: dict[int, Generator[None, Any, None]] = field(default_factory=dict)
    opened: int = 0
    calls: int = 0

    def do(self, scope: int, command: tuple[Any, ...]) -> None:
        """Do what a command says, in the code of `scope`."""
        kind, *rest = command
        if kind == "open":
            block = _block(_MODEL, rest[0])
            result = block.__enter__()
            self.opened += 1
            self.scopes[scope].opened.append(_Opened(rest[0], self.opened, block, result))
        elif kind == "leave" and self.scopes[scope].opened:
            one = self.scopes[scope].opened.pop(rest[0] % len(self.scopes[scope].opened))
            one.block.__exit__(None, None, None)
        elif kind == "call":
            self.call()
        elif kind == "drive":
            self.drive(rest[0], rest[1])
        elif kind == "end":
            self.end(rest[0], rest[1])

    def call(self) -> None:
        """Call the model and compare with what the simple model says."""
        with torch.no_grad():
            logits = _MODEL(**_BATCH).logits
        self.calls += 1
        meeting = sorted((one for scope in self.running for one in self.scopes[scope].opened), key=lambda o: o.serial)
        deciding = next((one.key for one in reversed(meeting) if one.key is not None), None)
        expected, attention = _EXPECTED[deciding]
        # A layer that somebody looks at is computed openly, which rounds in another way.
        torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
        for one in meeting:
            if one.key is None:
                torch.testing.assert_close(one.result.layers[-1], attention, atol=1e-5, rtol=1e-5)

    def actor(self, number: int) -> Generator[None, Any, None]:
        """A generator that does what is sent to it, and leaves its blocks when it ends, however it ends."""
        try:
            command = yield
            while True:
                self.do(number, command)
                command = yield
        finally:
            for one in self.scopes[number].opened:
                one.block.__exit__(None, None, None)
            self.scopes[number].opened.clear()

    def drive(self, number: int, command: tuple[Any, ...]) -> None:
        """Let a generator do something, unless it is doing something already."""
        if number in self.running:
            return
        if number not in self.actors:
            self.actors[number] = self.actor(number)
            next(self.actors[number])
        self.running.append(number)
        self.actors[number].send(command)
        self.running.pop()

    def end(self, number: int, how: str) -> None:
        """Close a generator, throw into it, or drop it."""
        if number in self.running or number not in self.actors:
            return
        actor = self.actors.pop(number)
        if how == "close":
            actor.close()
        elif how == "throw":
            with pytest.raises(ZeroDivisionError):
                actor.throw(ZeroDivisionError())


_simple = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(_FIXES)),
    st.tuples(st.just("leave"), st.integers(0, 3)),
    st.tuples(st.just("call")),
    st.tuples(st.just("end"), st.integers(1, _ACTORS), st.sampled_from(["close", "throw", "drop"])),
)
_commands = st.recursive(_simple, lambda inner: st.tuples(st.just("drive"), st.integers(1, _ACTORS), inner))


@pytest.mark.filterwarnings("ignore:The model ran:RuntimeWarning")
@settings(max_examples=60, deadline=None)
@given(st.lists(_commands, min_size=3, max_size=14))
def test_each_call_meets_the_blocks_of_the_code_it_was_made_from(commands: list[tuple[Any, ...]]) -> None:
    world = _World()
    try:
        for command in commands:
            world.do(0, command)
            world.do(0, ("call",))
    finally:
        for number in list(world.actors):
            world.end(number, "close")
        for one in world.scopes[0].opened:
            one.block.__exit__(None, None, None)
    assert world.calls >= len(commands)
    assert not _attachments
    assert _MODEL.config._attn_implementation == "sdpa"
