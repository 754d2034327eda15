"""Keep unfinished training on disk, so that a killed run resumes where it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from atpatch_core.whole_files import replacing

Stateful = nn.Module | torch.optim.Optimizer | torch.optim.lr_scheduler.LRScheduler


@dataclass(frozen=True)
class Checkpoint:
    """The states of `parts` in `file`, with how much of `recipe` is done: epochs, or steps."""

    file: Path
    parts: Mapping[str, Stateful]
    recipe: object

    def restore(self) -> int:
        """Take up what was kept and return how much is done; 0 where nothing was kept, or of another recipe."""
        if not self.file.exists():
            return 0
        state = torch.load(self.file, weights_only=True)
        if state.get("recipe") != repr(self.recipe):
            return 0
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        return int(state["done"])

    def keep(self, done: int) -> None:
        """Write what is done so far; a kill never leaves half a checkpoint."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        states = {name: part.state_dict() for name, part in self.parts.items()}
        with replacing(self.file) as file:
            torch.save({**states, "done": done, "recipe": repr(self.recipe)}, file)
