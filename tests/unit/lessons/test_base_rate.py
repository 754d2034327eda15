"""The base-rate trap in numbers."""

from __future__ import annotations

import pytest

from atpatch_core.lessons.base_rate import expected_alarms


def test_rare_triggers_make_most_alarms_false() -> None:
    alarms = expected_alarms(0.999, 0.02, 0.01, inputs=10_000)
    assert (alarms.right, alarms.false, alarms.missed) == pytest.approx((99.9, 198.0, 0.1))
    assert alarms.precision == pytest.approx(99.9 / 297.9)


def test_no_alarm_has_no_precision() -> None:
    assert expected_alarms(0.0, 0.0, 0.5).precision is None


@pytest.mark.parametrize("rates", [(1.1, 0.0, 0.5), (0.5, -0.1, 0.5), (0.5, 0.5, float("nan"))])
def test_what_is_no_share_is_refused(rates: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        expected_alarms(*rates)
