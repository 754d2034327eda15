"""The command line `atpatch`: all the commands, each in a module of its own."""

from __future__ import annotations

from .calibrate import calibrate
from .dashboard import dashboard
from .debug_set import debug_set
from .entry import commands, run
from .evaluate import evaluate
from .inspect import inspect
from .later import Commands, announce

app = commands(
    "atpatch",
    "See where a Transformer over-attends, and repair it while it runs (AtPatch, arXiv 2601.21695).",
    Commands,
)
app.command()(inspect)
app.command()(evaluate)
app.command("debug-set")(debug_set)
app.command()(calibrate)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(dashboard)
announce(app)


def main() -> None:
    """Entry point of `atpatch` and `python -m atpatch_core`."""
    run(app)
