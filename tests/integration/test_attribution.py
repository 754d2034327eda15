"""Attribution of the backdoored sample subject: it finds the trigger, and the fix takes the trigger's say away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import atpatch_core as atpatch
from atpatch_core.inspection.attribution import agreement, answer_rollout, attribute

TRIGGER = "row 6, column 6"


def test_the_trigger_decides_alone_before_the_fix_and_not_after_it(
    badnets: atpatch.Subject, image: Callable[[str], Any]
) -> None:
    x = image("ankle-boot-triggered")
    inspection = atpatch.inspect(badnets, x)
    key = inspection.layout.key_names.index(TRIGGER)
    before = attribute(badnets, x)
    after = attribute(badnets, x, before.target, inspection.flags.columns)
    assert before.target == inspection.original.prediction.index
    assert int(before.values.argmax()) == key
    assert before.values[key] > 3 * before.values.abs().sort().values[-2]
    assert abs(after.values[key]) < before.values[key] / 5
    assert after.log_odds < 0 < before.log_odds
    for one in (before, after):
        assert abs(one.convergence_delta) < 0.05
    assert agreement(before, inspection.flags, inspection.layout) == 1.0
    assert int(answer_rollout(inspection.original.trace)[1:].argmax()) + 1 == key
    assert all(parameter.grad is None for parameter in badnets.model.parameters())
    # The way to the log-odds goes through the very maps that the hot-fix makes.
    probability = inspection.patched.prediction.probabilities[before.target]
    assert abs(float((probability / (1 - probability)).log()) - after.log_odds) < 1e-3
