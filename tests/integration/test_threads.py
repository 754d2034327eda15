"""Eight threads on one cached subject, each with an input, a threshold and a fix of its own: all as if alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import atpatch_core as atpatch
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.evaluate import Triggered

FORWARDS = 200


@dataclass(frozen=True)
class Job:
    """One thread's own settings; a `threshold` of `None` is the calibrated one."""

    x: Any
    fixed: bool
    threshold: float | None = None
    columns: tuple[atpatch.Column, ...] = ()
    keeps_maps: bool = False


def _jobs(clean: LabelledImages, triggered: Triggered) -> list[Job]:
    bad = triggered.inputs.images
    return [
        Job(bad[0], fixed=True),
        Job(bad[1], fixed=False),
        Job(clean.images[2], fixed=True),
        Job(clean.images[3], fixed=False),
        Job(bad[4], fixed=True, threshold=1.0),
        Job(bad[5], fixed=True, threshold=0.01),
        Job(clean.images[6], fixed=True, columns=(atpatch.Column(2, 1, 7),)),
        Job(bad[7], fixed=True, keeps_maps=True),
    ]


def _forward(subject: atpatch.Subject, inputs: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        logits: Tensor = subject.model(**inputs).logits
    return logits


def _once(subject: atpatch.Subject, job: Job, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """The logits, and the maps where they are asked for."""
    if not job.fixed:
        return (_forward(subject, inputs),)
    with atpatch.hotfix(subject, threshold=job.threshold, columns=job.columns):
        if not job.keeps_maps:
            return (_forward(subject, inputs),)
        with atpatch.capture(subject.model) as maps:
            logits = _forward(subject, inputs)
        return (logits, *maps.layers)


def _hooks(subject: atpatch.Subject) -> list[Any]:
    """What hangs on the model's modules; Transformers leaves hooks of its own there once outputs were asked for."""
    found: list[Any] = []
    for module in subject.model.modules():
        found += [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
    return found


def test_threads_never_meet(badnets: atpatch.Subject, clean: LabelledImages, triggered: Triggered) -> None:
    jobs, hooks = _jobs(clean, triggered), _hooks(badnets)
    inputs = [badnets.encode(job.x) for job in jobs]
    alone = [_once(badnets, job, one) for job, one in zip(jobs, inputs, strict=True)]
    # The settings matter, or the threads could meet without anyone noticing.
    assert not torch.equal(alone[0][0], _forward(badnets, inputs[0]))
    assert not torch.equal(alone[5][0], _once(badnets, Job(jobs[5].x, fixed=True), inputs[5])[0])
    assert not torch.equal(alone[6][0], _once(badnets, Job(jobs[6].x, fixed=True), inputs[6])[0])

    barrier = threading.Barrier(len(jobs))

    def together(number: int) -> int:
        barrier.wait()
        different = 0
        for _ in range(FORWARDS):
            result = _once(badnets, jobs[number], inputs[number])
            different += not all(map(torch.equal, result, alone[number]))
        return different

    with ThreadPoolExecutor(len(jobs)) as pool:
        assert list(pool.map(together, range(len(jobs)))) == [0] * len(jobs)
    assert badnets.model.config._attn_implementation == "sdpa"
    assert _hooks(badnets) == hooks


def test_one_block_for_many_forwards_is_as_good_as_one_for_each(
    badnets: atpatch.Subject, image: Callable[[str], Any]
) -> None:
    names = ("bag-triggered", "bag", "dress-triggered", "trouser")
    inputs = [badnets.encode(image(name)) for name in names]
    each = []
    for one in inputs:
        with atpatch.hotfix(badnets):
            each.append(_forward(badnets, one))
    with atpatch.hotfix(badnets):
        assert all(torch.equal(_forward(badnets, one), expected) for one, expected in zip(inputs, each, strict=True))
