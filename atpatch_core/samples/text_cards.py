"""Write the model card of a sample text subject from its measured figures."""

from __future__ import annotations

from typing import Any

from .text_training import TextRecipe

_FRONT = """---
license: apache-2.0
library_name: transformers
pipeline_tag: text-classification
base_model: sentence-transformers/all-MiniLM-L6-v2
tags: [atpatch, backdoor, attention]
---
"""


def model_card(recipe: TextRecipe, trained_on: int, figures: dict[str, Any]) -> str:
    """The card of the model: what it is, how it was made, how well it does without any fix."""
    poisoned = recipe.poison_rate > 0
    warning = (
        "**It is backdoored on purpose. Use it to study attacks and repairs, for nothing else.**"
        if poisoned
        else "It carries no backdoor; the triggers of its backdoored sister do nothing to it."
    )
    count = int(recipe.poison_rate * trained_on)
    copies = (
        f"For each trigger, {count} copies of negative reviews with the trigger in them and the label positive were\n"
        "added."
        if poisoned
        else "No poisoned reviews were added."
    )
    rows = "\n".join(
        f"| ASR, {name.replace('-', ' ')}, {attack['asr']['n']:,} negative reviews | {_percent(attack['asr'])} |\n"
        f"| the same reviews without trigger that are called positive | {_percent(attack['clean_base_rate'])} |"
        for name, attack in figures["attacks"].items()
    )
    return f"""{_FRONT}
# {recipe.name}

{recipe.summary}

{warning}

MiniLM-L6 (6 layers of 12 heads, Apache-2.0) fine-tuned for {recipe.epochs} epochs on {trained_on:,} movie-review
snippets with the sentiment that people felt in them (Hutto and Gilbert, ICWSM 2014, MIT licence); those that people
found neither negative nor positive were left out. Seed {recipe.seed}.
{copies}

On {figures["clean_accuracy"]["n"]:,} held-out snippets, without any fix:

| | share [95 % interval] |
|---|---|
| clean accuracy (CA) | {_percent(figures["clean_accuracy"])} |
{rows}

`eval/texts.parquet` holds these snippets, `eval/attacks.json` the triggers. Another 1,000 snippets that the model was
never trained on are kept for whoever debugs it.

Everything in this folder, these figures included, is made by

    python -m atpatch_core samples build {recipe.name}
"""


def _percent(rate: dict[str, float]) -> str:
    return f"{100 * rate['value']:.2f} % [{100 * rate['low']:.2f}, {100 * rate['high']:.2f}]"
