"""What the cards of all sample models share: how they begin and end, and how figures are written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from atpatch_core.whole_files import write_whole_text

from .training import TrainingRecipe

BACKDOORED = "**It is backdoored on purpose. Use it to study attacks and repairs, for nothing else.**"


def write_cards(folder: Path, figures: dict[str, Any], model_card: str, detector_card: str) -> None:
    """Write both cards of the model in `folder`, and beside the detector the figures they were made from."""
    write_figures(figures, folder / "atpatch" / "figures.json")
    write_whole_text(folder / "README.md", model_card)
    write_whole_text(folder / "atpatch" / "README.md", detector_card)


def write_figures(figures: dict[str, Any], file: Path) -> None:
    """Write measured figures as JSON."""
    write_whole_text(file, json.dumps(figures, indent=1) + "\n")


def front_matter(licence: str, task: str, topic: str, source: str = "") -> str:
    """What Hugging Face's hub reads of a model card; `source` is a line about where the model comes from."""
    return f"""---
license: {licence}
library_name: transformers
pipeline_tag: {task}
{source}tags: [atpatch, {topic}, attention]
---
"""


def model_card(recipe: TrainingRecipe, front: str, warning: str, body: str) -> str:
    """The card of a model: what it is, what it must not be used for, `body`, and how to make it."""
    return f"""{front}
# {recipe.name}

{recipe.summary}

{warning}

{body}

Everything in this folder, these figures included, is made by

    python -m sample_models build {recipe.name}
"""


def detector_card(recipe: TrainingRecipe, body: str, limits: str, command: str = "build") -> str:
    """The card of a detector: `body`, the `command` that makes it, and its limits."""
    return f"""# Detector of {recipe.name}

{body}

Made by `python -m sample_models {command} {recipe.name}`; the raw figures are in `figures.json`. The shipped
detector is seed 0. `python -m atpatch_core evaluate` repeats the measurement on `eval/` or on any other data.

## Limits

{limits}
"""


def row(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def comma_separated(values: Iterable[object], nothing: str) -> str:
    """The values after each other, or what is said when there are none."""
    return ", ".join(map(str, values)) or nothing


def percent(rate: Mapping[str, float | None]) -> str:
    """A rate in per cent, with its interval."""
    value, low, high = rate["value"], rate["low"], rate["high"]
    if value is None or low is None or high is None:
        return "not measured"
    return f"{100 * value:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"


def decimal(rate: Mapping[str, float]) -> str:
    """A figure that is no share, with its interval."""
    return f"{rate['value']:.4f} [{rate['low']:.4f}, {rate['high']:.4f}]"


def answer_rates(attack: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """What one run's fix does to answers: ASR, excess ASR and recovery, clean accuracy, changed answers."""
    return [
        *(percent(attack[figure]) for figure in ("asr_after", "excess_asr_after", "recovery")),
        *(percent(run[figure]) for figure in ("clean_accuracy_after", "changed")),
    ]


def answer_spreads(attacks: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same over several runs: excess ASR and recovery, the drop of clean accuracy, changed answers."""
    return [
        *(spread([attack[figure] for attack in attacks]) for figure in ("excess_asr_after", "recovery")),
        *(spread([run[figure] for run in runs]) for figure in ("clean_accuracy_drop", "changed")),
    ]


def spread(rates: Sequence[Mapping[str, float]], scale: float = 100, digits: int = 2) -> str:
    """The mean of several seeds' rates, in per cent, and how far they are apart (standard deviation)."""
    values = [rate["value"] for rate in rates]
    apart = f" ± {scale * stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{scale * mean(values):.{digits}f}{apart}"
