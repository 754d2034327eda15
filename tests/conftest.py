"""What every test is run with, and in which order."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, settings

# Tiny models gain nothing from a second thread, and on a busy machine the threads wait for each other.
torch.set_num_threads(1)

# A busy machine is slow, not wrong: how long an example takes says nothing about it.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and begin with the files that take longest: at the end, no worker waits for another.

    The order within a file stays as it is.
    """
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item: pytest.Item) -> tuple[bool, bool, bool]:
        return item.path not in slow, "browser" not in item.path.parts, "integration" not in item.path.parts

    items.sort(key=place)
