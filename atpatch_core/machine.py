"""Sharing this machine with what else runs on it."""

from __future__ import annotations

import os

import torch


def leave_cores_free() -> None:
    """Let PyTorch compute on half of the cores, for a process that is not alone, such as a web server with its browser.

    PyTorch's threads wait for each other busily. Where another program needs one of their cores, a small model takes
    ten times as long on all cores as on half of them.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
