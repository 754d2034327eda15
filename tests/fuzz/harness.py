"""Reads every case and says what became of it: right, a traceback, silently wrong, too slow, too much memory."""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from atpatch_core.errors import AtPatchError

from .case import Case

SLOW = 5.0  # seconds
_LONGEST_SENTENCE = 2_000


@dataclass(frozen=True)
class Outcome:
    """What became of a case: `verdict` is "right", "traceback" or "wrong"; `seconds` are the processor's."""

    name: str
    verdict: str
    seconds: float
    detail: str = ""


def judge(cases: Iterable[Case]) -> Iterator[Outcome]:
    """Read one case after the other, each with an empty folder of its own."""
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="atpatch-fuzz-") as folder:
            began = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                verdict, detail = _verdict(case, Path(folder))
            yield Outcome(case.name, verdict, time.process_time() - began, detail)


class Memory:
    """How much more memory this process took since it was watched, in MB; Linux counts the most it ever took."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # begins a new count of the most
        self._before = _status("VmRSS")

    def grown(self) -> float:
        """The most it took since, less what it took then."""
        return max(0.0, _status("VmHWM") - self._before)


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1_000 for line in lines if line.startswith(f"{name}:"))


def _verdict(case: Case, folder: Path) -> tuple[str, str]:
    logging.disable(logging.CRITICAL)
    try:
        found = case.attempt(folder)
    except AtPatchError as error:
        sentence = str(error)
        if not (sentence.isprintable() and sentence.endswith((".", ")")) and len(sentence) <= _LONGEST_SENTENCE):
            return "wrong", f"the sentence {sentence[:200]!r}"
        refused = case.right is None or case.may_refuse
        return ("right", "") if refused else ("wrong", f"refused: {sentence[:200]}")
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        logging.disable(logging.NOTSET)
    if case.right is None:
        return "wrong", f"accepted as {str(found)[:200]}"
    return ("right", "") if case.right(found) else ("wrong", f"read as {str(found)[:200]}")
