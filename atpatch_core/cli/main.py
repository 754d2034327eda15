"""Assemble the commands of `atpatch`."""

from __future__ import annotations

from .calibrate import calibrate
from .debug_set import debug_set
from .detectors import detectors
from .entry import commands, run
from .evaluate import evaluate
from .inspect import inspect
from .labels import labels
from .run_training import run_training
from .train_detector import train_detector

app = commands(
    "atpatch", "See where a Transformer over-attends, and repair it while it runs (AtPatch, arXiv 2601.21695)."
)
app.command()(inspect)
app.command()(evaluate)
app.command("debug-set")(debug_set)
app.command("train-detector")(train_detector)
app.command()(calibrate)
app.command("run-training", hidden=True)(run_training)
app.add_typer(labels, name="labels")
app.add_typer(detectors, name="detectors")


def main() -> None:
    """Entry point of `atpatch` and `python -m atpatch_core`."""
    run(app)
