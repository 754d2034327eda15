"""What every test is run with."""

from __future__ import annotations

import torch
from hypothesis import HealthCheck, settings

# Tiny models gain nothing from a second thread, and on a busy machine the threads wait for each other.
torch.set_num_threads(1)

# A busy machine is slow, not wrong: how long an example takes says nothing about it.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
