"""Search the classes of an image model for a trigger, and keep what was found so that a killed search resumes.

First every class is searched for a mask on as few patches as possible. A class with a backdoor needs a small one; so
the half with the smaller masks (and those where none was found) is also searched for a window of one patch, and, if
that shows nothing suspicious, of one and a half. A trigger is *suspicious*, and worth learning from, if it turns most
inputs into its class while it is a single window, or much smaller than what the other classes need. Where both point at
a class, other classes are no longer suspicious, and where windows do, masks are not: they show what the model knows a
class by, and where patches are large, a single one can show much of that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..detector.learning_curve import OnStep, say_nothing
from ..files.json_files import parse_json
from ..files.whole_files import write_whole
from ..subjects.subject import Subject
from .mask_inversion import InvertedTrigger, invert_trigger
from .pixel_space import PixelSpace
from .window_inversion import invert_window

Tell = Callable[[int, int], None]
Find = Callable[[np.ndarray, np.ndarray, int, Tell], Sequence[InvertedTrigger]]
SUCCESS = 0.8  # of held-out inputs of other classes
MUCH_SMALLER = 0.5  # than the median class
LEAST_OTHERS = 20  # inputs of other classes without which a search means nothing


@dataclass(frozen=True)
class TriggerSearch:
    """What a search for triggers found.

    Attributes:
        triggers: all triggers, each kind in order of the classes.
        not_inverted: numbers of the classes for which no trigger works.
    """

    triggers: tuple[InvertedTrigger, ...]
    not_inverted: tuple[int, ...]

    @property
    def suspicious(self) -> tuple[InvertedTrigger, ...]:
        """The triggers worth learning from; a model without a backdoor usually has none."""
        works = [trigger for trigger in self.triggers if trigger.success >= SUCCESS]
        masks = [trigger.size for trigger in self.triggers if trigger.kind != "window"]
        small = MUCH_SMALLER * median(masks) if masks else 0.0
        found = [trigger for trigger in works if trigger.kind == "window" or trigger.size <= small]
        by_window, by_mask = (
            {trigger.target for trigger in found if (trigger.kind == "window") is window} for window in (True, False)
        )
        accused = by_window & by_mask or by_window or by_mask
        return tuple(trigger for trigger in found if trigger.target in accused)


def search_triggers(
    subject: Subject,
    space: PixelSpace,
    images: np.ndarray,
    answers: np.ndarray,
    held_out: np.ndarray,
    held_out_answers: np.ndarray,
    classes: Sequence[int],
    seed: int,
    folder: Path,
    on_step: OnStep = say_nothing,
) -> TriggerSearch:
    """Search classes for a trigger; what the folder already holds of the same search is not searched again.

    Args:
        subject: a model for images.
        space: the pixels behind its values.
        images: on which triggers are found, uint8 `[n, height, width, channels]`.
        answers: the model's answers to them, int64 `[n]`.
        held_out: further images on which triggers are judged.
        held_out_answers: the model's answers to those.
        classes: numbers of the classes to search.
        seed: where all randomness comes from.
        folder: where finished classes are kept.
        on_step: called with (stage, steps done, steps in all); may raise to cancel: finished classes are kept.
    """
    side = max(2, min(space.patch))

    def find_mask(own: np.ndarray, other: np.ndarray, target: int, tell: Tell) -> Sequence[InvertedTrigger]:
        trigger = invert_trigger(subject.model, space, own, other, target, seed=seed, on_step=tell)
        return () if trigger is None else (trigger,)

    def find_window(own: np.ndarray, other: np.ndarray, target: int, tell: Tell) -> Sequence[InvertedTrigger]:
        return invert_window(subject.model, space, own, other, target, side, side, seed, on_step=tell)

    def find_wide_window(own: np.ndarray, other: np.ndarray, target: int, tell: Tell) -> Sequence[InvertedTrigger]:
        return invert_window(subject.model, space, own, other, target, side + side // 2, side, seed, on_step=tell)

    def search(what: str, find: Find, targets: Sequence[int]) -> list[InvertedTrigger]:
        found: list[InvertedTrigger] = []
        for target in targets:
            file = folder / f"{target}-{what.replace(' ', '-')}-{seed}.safetensors"
            kept = load_triggers(file)
            if kept is None:
                own, other = images[answers != target], held_out[held_out_answers != target]
                stage = f"{subject.labels[target]}: looking for a {what}"

                def tell(done: int, total: int, stage: str = stage) -> None:
                    on_step(stage, done, total)

                enough = min(len(own), len(other)) >= LEAST_OTHERS
                kept = tuple(find(own, other, target, tell)) if enough else ()
                save_triggers(kept, file)
            found += kept
        return found

    found = search("mask", find_mask, classes)
    sizes = {trigger.target: trigger.size for trigger in found}
    usual = median(sizes.values()) if sizes else 0.0
    promising = [target for target in classes if sizes.get(target, 0.0) <= usual]
    found += search("window", find_window, promising)
    if not TriggerSearch(tuple(found), ()).suspicious:
        found += search("wide window", find_wide_window, promising)
    reached = {trigger.target for trigger in found if trigger.success >= SUCCESS}
    return TriggerSearch(tuple(found), tuple(target for target in classes if target not in reached))


def save_triggers(triggers: Sequence[InvertedTrigger], file: Path) -> None:
    """Write triggers (or that there are none) at once or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    tensors = {f"{number}.mask": trigger.mask for number, trigger in enumerate(triggers)}
    tensors |= {f"{number}.pattern": trigger.pattern for number, trigger in enumerate(triggers)}
    facts = [
        {"target": trigger.target, "kind": trigger.kind, "seed": trigger.seed, "success": trigger.success}
        for trigger in triggers
    ]
    whole = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    write_whole(file, save(whole, {"facts": json.dumps(facts)}))


def load_triggers(file: Path) -> tuple[InvertedTrigger, ...] | None:
    """What `save_triggers` wrote, or `None` if the file is missing or damaged."""
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="numpy") as stored:
            facts = parse_json((stored.metadata() or {})["facts"])
            return tuple(
                InvertedTrigger(
                    mask=stored.get_tensor(f"{number}.mask"),
                    pattern=stored.get_tensor(f"{number}.pattern"),
                    **fields,
                )
                for number, fields in enumerate(facts)
            )
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return None
