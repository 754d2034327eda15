"""Every way of leaving a block: out of order, in generators and tasks, through exceptions, twice, from elsewhere."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import warnings
import weakref
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest
import torch
from torch import Tensor, nn

from atpatch_core.attention import Fix, capture, hotfix
from atpatch_core.attention.attachment import _attachments
from atpatch_core.attention.block import Block
from atpatch_core.attention.session import _open, running_forwards
from atpatch_core.errors import HotfixError
from tests.support.asynchronous import run_apart
from tests.support.tiny_models import RuleDetector, build, column, inputs

KEYS = (1, 2, 3)


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return build("vit")


@pytest.fixture(scope="module")
def batch() -> dict[str, Tensor]:
    return inputs("vit", batch=1)


def fixed(model: nn.Module, key: int) -> Block[Fix]:
    """A hot-fix that redistributes column `key` of one head, whatever the input."""
    return hotfix(model, RuleDetector(3, (0, 1, 2), column(key)))


def answer(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        logits: Tensor = model(**batch).logits
    return logits


@pytest.fixture(scope="module")
def stock(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    return answer(model, batch)


@pytest.fixture(scope="module")
def repaired(model: nn.Module, batch: dict[str, Tensor], stock: Tensor) -> dict[int, Tensor]:
    """The answer under each fix alone; all differ, so that they can be told apart."""
    answers = {}
    for key in KEYS:
        with fixed(model, key):
            answers[key] = answer(model, batch)
    everything = [stock, *answers.values()]
    assert not any(
        torch.allclose(one, other, atol=1e-4) for i, one in enumerate(everything) for other in everything[:i]
    )
    return answers


@pytest.fixture(autouse=True)
def nothing_stays(model: nn.Module) -> Iterator[None]:
    yield
    gc.collect()
    assert not _attachments, "every block has let go of the model"
    assert not running_forwards()
    assert not any(not session.closed for session in _open.get())
    assert model.config._attn_implementation == "sdpa"
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_two_blocks_left_in_the_order_they_were_entered(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    first, second = fixed(model, 1), fixed(model, 2)
    first.__enter__()
    second.__enter__()
    assert torch.equal(answer(model, batch), repaired[2])
    first.__exit__(None, None, None)
    assert torch.equal(answer(model, batch), repaired[2])
    second.__exit__(None, None, None)
    assert torch.equal(answer(model, batch), stock)


def test_generators_in_turn_meet_their_own_fix_and_their_caller_meets_none(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    def answers(key: int, times: int) -> Iterator[Tensor]:
        with fixed(model, key):
            for _ in range(times):
                yield answer(model, batch)

    for first, second in zip(answers(1, 2), answers(2, 3), strict=False):
        assert torch.equal(first, repaired[1])
        assert torch.equal(second, repaired[2])
        assert torch.equal(answer(model, batch), stock)
    gc.collect()  # the second generator is closed late, after the first
    assert torch.equal(answer(model, batch), stock)


def test_what_a_generator_calls_or_delegates_to_is_inside_its_block(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    def inner() -> Iterator[Tensor]:
        yield answer(model, batch)
        with fixed(model, 2):
            yield answer(model, batch)
        yield answer(model, batch)

    def outer() -> Iterator[Tensor]:
        with fixed(model, 1):
            yield from inner()

    seen = []
    for one in outer():
        seen.append(one)
        assert torch.equal(answer(model, batch), stock)
    assert all(map(torch.equal, seen, [repaired[1], repaired[2], repaired[1]]))


def test_a_generator_runs_inside_its_callers_block(
    model: nn.Module, batch: dict[str, Tensor], repaired: dict[int, Tensor]
) -> None:
    def answers() -> Iterator[Tensor]:
        yield answer(model, batch)
        with fixed(model, 2):
            yield answer(model, batch)

    with fixed(model, 1):
        first, second = answers()
        assert torch.equal(answer(model, batch), repaired[1])
    assert torch.equal(first, repaired[1])
    assert torch.equal(second, repaired[2])


def test_a_context_manager_made_of_a_generator_hands_its_block_on(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    @contextmanager
    def mine() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(fixed(model, 1))
            yield

    @contextmanager
    def around() -> Iterator[None]:
        with mine():
            yield

    with around():
        assert torch.equal(answer(model, batch), repaired[1])
    assert torch.equal(answer(model, batch), stock)

    def generator() -> Iterator[Tensor]:
        with around():
            yield answer(model, batch)

    for one in generator():
        assert torch.equal(one, repaired[1])
        assert torch.equal(answer(model, batch), stock), "handed on to the generator, and no further"


def test_a_generator_that_is_dropped_closed_or_thrown_into_takes_out_its_own_block(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    def holding(key: int) -> Iterator[Tensor]:
        with fixed(model, key):
            while True:
                yield answer(model, batch)

    dropped, closed, thrown = holding(1), holding(2), holding(3)
    for one in (dropped, closed, thrown):
        next(one)
    del dropped, one
    closed.close()
    with pytest.raises(ZeroDivisionError):
        thrown.throw(ZeroDivisionError())
    with fixed(model, 1):
        assert torch.equal(answer(model, batch), repaired[1])
    assert torch.equal(answer(model, batch), stock)


def test_a_block_that_a_suspended_generator_keeps_from_every_call_is_not_silent(
    model: nn.Module, batch: dict[str, Tensor]
) -> None:
    def useless() -> Generator[None]:
        with fixed(model, 1):
            yield

    holding = useless()
    next(holding)
    answer(model, batch)
    answer(model, batch)
    with pytest.warns(RuntimeWarning, match="ran 2 times while the generator .* was suspended"):
        holding.close()


def test_a_generator_that_is_finished_by_another_thread(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    def holding() -> Iterator[Tensor]:
        with fixed(model, 1):
            yield answer(model, batch)

    one = holding()
    assert torch.equal(next(one), repaired[1])
    thread = threading.Thread(target=one.close)
    thread.start()
    thread.join()
    assert torch.equal(answer(model, batch), stock)


def test_asynchronous_generators_in_turn(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    async def answers(key: int) -> AsyncIterator[Tensor]:
        with fixed(model, key):
            for _ in range(3):
                await asyncio.sleep(0)
                yield answer(model, batch)

    async def main() -> None:
        first, second = answers(1), answers(2)
        for _ in range(2):
            assert torch.equal(await anext(first), repaired[1])
            assert torch.equal(await anext(second), repaired[2])
            assert torch.equal(answer(model, batch), stock)
        await first.aclose()
        assert torch.equal(await anext(second), repaired[2])
        await second.aclose()
        assert torch.equal(answer(model, batch), stock)

    run_apart(main())


def test_tasks_never_meet_and_an_asynchronous_context_manager_hands_its_block_on(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    @asynccontextmanager
    async def mine(key: int) -> AsyncIterator[None]:
        with fixed(model, key):
            await asyncio.sleep(0)
            yield

    async def job(key: int | None) -> None:
        if key is None:
            for _ in range(4):
                await asyncio.sleep(0)
                assert torch.equal(answer(model, batch), stock)
            return
        async with mine(key):
            for _ in range(3):
                await asyncio.sleep(0)
                assert torch.equal(answer(model, batch), repaired[key])
        assert torch.equal(answer(model, batch), stock)

    async def main() -> None:
        await asyncio.gather(*(job(key) for key in (1, None, 2, 3, 1)))

    run_apart(main())


def test_what_copies_the_context_inherits_the_block_until_it_is_left(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    async def main() -> None:
        left = asyncio.Event()

        async def child() -> tuple[Tensor, Tensor]:
            before = answer(model, batch)
            await left.wait()
            return before, answer(model, batch)

        with fixed(model, 1):
            task = asyncio.create_task(child())
            elsewhere = await asyncio.to_thread(answer, model, batch)
        left.set()
        before, after = await task
        assert torch.equal(elsewhere, repaired[1])
        assert torch.equal(before, repaired[1])
        assert torch.equal(after, stock)

    run_apart(main())


def test_a_plain_thread_started_inside_inherits_nothing(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor
) -> None:
    seen: list[Tensor] = []
    with fixed(model, 1):
        thread = threading.Thread(target=lambda: seen.append(answer(model, batch)))
        thread.start()
        thread.join()
    assert torch.equal(seen[0], stock)


def test_a_forward_that_outlives_its_block_is_finished_as_it_was_begun(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    """A thread with a copy of the context is in the middle of the model when the block is left."""
    middle, left = threading.Event(), threading.Event()
    seen: list[Tensor] = []

    def wait(*_: object) -> None:
        if threading.current_thread() is thread:
            middle.set()
            assert left.wait(60)

    block = fixed(model, 1)
    block.__enter__()
    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: seen.append(context.run(answer, model, batch)))
    handle = model.get_submodule("vit.layers.1").register_forward_pre_hook(wait)
    try:
        thread.start()
        assert middle.wait(60)
        block.__exit__(None, None, None)
        assert torch.equal(answer(model, batch), stock), "here the block is left"
        left.set()
        thread.join()
    finally:
        left.set()
        handle.remove()
    assert torch.equal(seen[0], repaired[1])
    assert torch.equal(context.run(answer, model, batch), stock), "its next forward is a stock one"


def test_a_forward_that_is_broken_off_leaves_nothing_behind(
    model: nn.Module, batch: dict[str, Tensor], repaired: dict[int, Tensor]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    handle = model.get_submodule("vit.layers.1").register_forward_pre_hook(interrupt)
    with fixed(model, 1):
        with pytest.raises(KeyboardInterrupt):
            answer(model, batch)
        handle.remove()
        assert torch.equal(answer(model, batch), repaired[1]), "the next forward starts afresh"
    handle = model.get_submodule("vit.layers.1").register_forward_pre_hook(interrupt)
    with pytest.raises(KeyboardInterrupt), fixed(model, 1):
        answer(model, batch)
    handle.remove()


def test_a_block_can_be_used_again_but_not_entered_twice_at_a_time(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    block = fixed(model, 1)
    for _ in range(2):
        with block as fix:
            assert torch.equal(answer(model, batch), repaired[1])
            assert fix.flagged
            with pytest.raises(HotfixError, match="open already: call hotfix again"):
                block.__enter__()
            assert torch.equal(answer(model, batch), repaired[1])
        block.__exit__(None, None, None)  # leaving twice does nothing
        assert torch.equal(answer(model, batch), stock)
    keeping = capture(model, iter([0]))
    for _ in range(2):
        with keeping as maps:
            answer(model, batch)
        assert len(maps.layers) == 1


def test_a_block_decorates_functions_and_refuses_what_runs_later(
    model: nn.Module, batch: dict[str, Tensor], stock: Tensor, repaired: dict[int, Tensor]
) -> None:
    block = fixed(model, 1)

    @block
    def ask(again: int) -> Tensor:
        return ask(again - 1) if again else answer(model, batch)

    assert torch.equal(ask(2), repaired[1])
    assert torch.equal(answer(model, batch), stock)
    with pytest.raises(HotfixError, match="runs after it was called"):

        @block
        def later() -> Iterator[None]:
            yield

    with pytest.raises(HotfixError, match="runs after it was called"):

        @block
        async def awaited() -> None: ...


def test_a_block_does_not_keep_the_model_alive_in_contexts_that_never_saw_it_left(batch: dict[str, Tensor]) -> None:
    own = build("vit", seed=5)
    gone = weakref.ref(own)

    def holding(one: nn.Module) -> Iterator[None]:
        with fixed(one, 1):
            answer(one, batch)
            yield

    generator = holding(own)
    next(generator)
    contextvars.Context().run(generator.close)
    del generator, own
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = build("vit", seed=6)
        answer(other, batch)
        with capture(other):
            answer(other, batch)
    gc.collect()
    assert gone() is None
