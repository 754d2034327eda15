"""Read all hostile inputs and print what became of them: python -m tests.fuzz [--seed N] [group ...]."""

from __future__ import annotations

import argparse
import sys

from .groups import GROUPS, made
from .harness import SLOW, Memory, judge

MOST_MEMORY = 300.0  # MB


def main() -> int:
    """Print a table; 1 if anything is not right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"some of: {', '.join(GROUPS)}")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = options.groups or list(GROUPS)
    total = failures = 0
    print(
        f"{'group':<16}{'inputs':>8}{'tracebacks':>12}{'wrong':>8}{f'over {SLOW:g} s':>10}{'slowest':>10}{'memory':>10}"
    )
    complaints: list[str] = []
    # What the readers' libraries take once is no input's doing.
    for name in names:
        list(judge(made(name, options.seed)[:3]))
    most = 0.0
    for name in names:
        memory = Memory()
        outcomes = list(judge(made(name, options.seed)))
        counts = {one: sum(outcome.verdict == one for outcome in outcomes) for one in ("traceback", "wrong")}
        slow = sum(outcome.seconds > SLOW for outcome in outcomes)
        slowest = max(outcome.seconds for outcome in outcomes)
        total, failures = total + len(outcomes), failures + sum(counts.values()) + slow
        print(
            f"{name:<16}{len(outcomes):>8,}{counts['traceback']:>12}{counts['wrong']:>8}{slow:>10}{slowest:>8.2f} s"
            f"{(grown := memory.grown()):>+7.0f} MB"
        )
        most = max(most, grown)
        complaints += [f"{name}: {one.name}: {one.verdict}: {one.detail}" for one in outcomes if one.verdict != "right"]
    print(f"{total:,} inputs; {failures} failures; at most {most:.0f} MB more than before a group.")
    print("\n".join(complaints[:200]))
    return int(failures > 0 or most > MOST_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
