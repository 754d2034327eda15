"""Write the measured tables of docs/results.md and README.md: `python assets/write_results.py`.

The figures themselves are measured by `python -m sample_models build NAME`, which keeps them in
`sample_models/NAME/atpatch/figures.json` (one evaluation for each variant and seed of the detector), and by
`make results`, which keeps them in `docs/results/NAME.json`. All of the former are in docs/results.md; README.md shows
the best three, and the worst two of the latter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
README, PAGE = ROOT / "README.md", ROOT / "docs" / "results.md"
MODELS, COMPARED = ROOT / "sample_models", ROOT / "docs" / "results"
BEGIN, END = "<!-- results: python assets/write_results.py -->", "<!-- end of results -->"
_HEAD = (
    "| subject and trigger | detector | CA before | CA after | ASR before | excess ASR | recovery | AUROC | FPR |",
    "|---|---|---|---|---|---|---|---|---|",
)
_SHORT_HEAD = (
    "| model | trigger | CA before | CA after | ASR before | excess ASR | recovery |",
    "|---|---|---|---|---|---|---|",
)
_BEST = (
    ("fashion-vit-badnets", "badnets", "a checkerboard in a corner"),
    ("fashion-vit-badnets-anywhere", "badnets", "a patch at any of 49 places"),
    ("reviews-minilm-badword", "rare-word", "a rare word"),
)
_WORST = (
    ("fashion-vit-warp", "warp", "the whole image, warped"),
    ("fashion-vit-adaptive", "adaptive", "made by an attacker who knows AtPatch"),
)


def results_table(models: Path) -> str:
    """The table in Markdown: a row for each subject with figures, variant of its detector, and attack."""
    rows = []
    for path in sorted(models.glob("*/atpatch/figures.json")):
        figures = json.loads(path.read_text(encoding="utf-8"))
        for variant, runs in _variants(figures, "default"):
            rows += [_row(path.parents[1].name, variant, attack, runs) for attack in runs[0]["attacks"]]
    return "\n".join((*_HEAD, *rows))


def short_table(models: Path, compared: Path) -> str:
    """The five rows of README.md: the default detector of the best three subjects, and the worst two."""
    rows = []
    for subject, attack, label in _BEST:
        figures = json.loads((models / subject / "atpatch" / "figures.json").read_text(encoding="utf-8"))
        _, runs = next(_variants(figures, "default"))
        rows.append(_short_row(subject, label, runs, [run["attacks"][attack] for run in runs]))
    for subject, attack, label in _WORST:
        figures = json.loads((compared / f"{subject}.json").read_text(encoding="utf-8"))
        runs = [run["defences"]["atpatch"] for run in figures["runs"]]
        rows.append(_short_row(subject, label, runs, [run["attacks"][attack] for run in runs]))
    return "\n".join((*_SHORT_HEAD, *rows))


def _short_row(subject: str, label: str, runs: list[dict[str, Any]], attacks: list[dict[str, Any]]) -> str:
    cells = (
        f"`{subject}`",
        label,
        _share([run["clean_accuracy_before"] for run in runs], digits=1),
        _share([run["clean_accuracy_after"] for run in runs], digits=1),
        _share([one["asr_before"] for one in attacks], digits=1),
        _share([one.get("excess_asr_after", one.get("excess_asr")) for one in attacks], digits=1),
        _share([one["recovery"] for one in attacks], digits=1),
    )
    return f"| {' | '.join(cells)} |"


def with_results(page: str, table: str) -> str:
    """`page` with everything between the two marks replaced by `table`."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _variants(figures: dict[str, Any], name: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every group of evaluations that differ by their seed only, with the name it stands under."""
    values = [value for value in figures.values() if isinstance(value, dict)]
    runs = [value for value in values if "clean_accuracy_before" in value and value.get("detector")]
    if runs:
        yield name, runs
    else:
        for key, value in figures.items():
            if isinstance(value, dict):
                yield from _variants(value, key)


def _row(subject: str, variant: str, attack: str, runs: list[dict[str, Any]]) -> str:
    attacks = [run["attacks"][attack] for run in runs]
    cells = (
        f"[{subject}](../sample_models/{subject}/atpatch/README.md), {attack}",
        variant,
        _share([run["clean_accuracy_before"] for run in runs]),
        _share([run["clean_accuracy_after"] for run in runs]),
        _share([one["asr_before"] for one in attacks]),
        _share([one["excess_asr_after"] for one in attacks]),
        _share([one["recovery"] for one in attacks]),
        _share([one["auroc"] for one in attacks], scale=1, digits=4),
        _share([run["detector"]["fpr_per_input"] for run in runs]),
    )
    return f"| {' | '.join(cells)} |"


def _share(rates: list[dict[str, Any]], scale: float = 100, digits: int = 2) -> str:
    values = [scale * rate["value"] for rate in rates if rate["value"] is not None]
    if not values:
        return "\u2013"
    text = f"{mean(values):.{digits}f}"
    spread = stdev(values) if len(values) > 1 else 0.0
    return text if round(spread, digits) == 0 else f"{text} \u00b1 {spread:.{digits}f}"


def main() -> None:
    """Write both tables."""
    for path, table in ((PAGE, results_table(MODELS)), (README, short_table(MODELS, COMPARED))):
        path.write_text(with_results(path.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
