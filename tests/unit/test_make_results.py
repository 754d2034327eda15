"""Where `make results` writes its tables in docs/results.md."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atpatch_core.evaluation.attack_trial import AttackTrial
from atpatch_core.evaluation.comparison import Comparison, Run
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.modalities import MODALITIES
from atpatch_core.evaluation.rates import Rate
from atpatch_core.evaluation.trial import AttackFigures, DefenceFigures
from benchmarks.make_results import AFTER, BEGIN, END, merged, short_table, with_comparison


def test_the_first_time_it_comes_behind_the_first_results() -> None:
    text = with_comparison(f"before\n{AFTER}\nafter\n", "| table |\n")
    assert text == f"before\n{AFTER}\n\n{BEGIN}\n\n| table |\n\n{END}\nafter\n"


def test_then_it_replaces_what_was_there_and_nothing_else() -> None:
    first = with_comparison(f"before\n{AFTER}\nafter\n", "old\nold")
    assert with_comparison(first, "new") == first.replace("old\nold", "new")
    assert with_comparison(first, "old\nold") == first


def test_what_is_measured_again_replaces_its_own_part_only() -> None:
    text = "### a\n\nold a\n\n| 1 |\n\n### b\n\nold b\n\n### Other models\n\n* **c**: old c\n* **d**: old d"
    page = f"before\n{BEGIN}\n\n{text}\n\n{END}\nafter\n"
    assert merged(page, {}) == text
    again = merged(page, {"b": "### b\n\nnew b", "d": "* **d**: new d", "e": "* **e**: e"})
    assert again == text.replace("old b", "new b").replace("old d", "new d") + "\n* **e**: e"
    assert merged("a page without marks", {"c": "* **c**: c"}) == "### Other models\n\n* **c**: c"


def test_a_short_table_has_the_figures_of_one_attack_in_per_cent() -> None:
    rate = Rate(0.0125, 0.01, 0.02, 100)
    metrics = MODALITIES["image"].metrics
    of_attack = AttackFigures({metric.name: rate for metric in metrics if metric.under_attack}, 100)
    other = AttackFigures(of_attack.rates | {"excess_asr": Rate(0.5, 0.4, 0.6, 100)}, 100)
    rates = {metric.name: rate for metric in metrics if not metric.under_attack and metric.name != "cost"}
    without_cost = DefenceFigures(rates, {"one": of_attack, "other": other})
    of_defence = replace(without_cost, rates=rates | {"cost": Rate(1.5, 1.4, 1.6, 7)})
    run = Run(0, {"no-fix": of_defence, "oracle": without_cost})
    trial = AttackTrial(LabelledImages([], np.empty(0)), {}, {})
    comparison = Comparison("image", 100, 200, 0.001, (run,), {}, {}, trial, {})
    lines = short_table(comparison, "one").splitlines()
    assert lines[0] == "| defence | excess ASR | CA drop | sum of both | recovery | FPR | TPR | time |"
    assert lines[2] == "| no-fix | 1.25 | 1.25 | 1.25 | 1.25 | 1.25 | 1.25 | 1.5 \u00d7 |"
    assert lines[3] == "| oracle | 1.25 | 1.25 | 1.25 | 1.25 | 1.25 | 1.25 | \u2013 |"
    assert len(lines) == 4
