"""What every test is run with."""

from __future__ import annotations

import torch

# Tiny models gain nothing from a second thread, and on a busy machine the threads wait for each other.
torch.set_num_threads(1)
