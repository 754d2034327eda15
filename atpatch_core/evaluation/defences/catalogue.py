"""Every defence by name: what the table calls it, what it is, and how it is made ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ...errors import InputError
from ...subjects.subject import Subject
from .always_on import always_on
from .column_fix import atpatch
from .contract import Defence, DefenderData
from .fine_tuning import fine_tuned
from .masking import painted_over
from .no_rescale import no_rescale
from .oracle import oracle
from .other_reference import flagged_to_uniform, flagged_to_zero
from .patch_drop import patch_drop
from .random_columns import random_columns
from .strip import strip
from .untouched import no_fix
from .z_score import z_score

Family = Literal["none", "atpatch", "bound", "variant", "columns", "peer", "ablation"]
Prepare = Callable[[Subject, DefenderData], Defence]
NO_FIX, ATPATCH = "no-fix", "atpatch"


@dataclass(frozen=True)
class Method:
    """A way to make a defence.

    `prepare` gets the subject and what the defender has; it raises `AtPatchError` where the method can't be used.
    `family` says how to read its row: "bound" needs the truth, which nobody has in the field; "variant" and "ablation"
    are AtPatch with a part replaced or left out. `effort` is about how many forwards it takes for one picture.
    """

    name: str
    summary: str
    family: Family
    prepare: Prepare
    effort: int = 1


DEFENCES: dict[str, Method] = {
    method.name: method
    for method in (
        Method(NO_FIX, "The model as it is.", "none", no_fix),
        Method(ATPATCH, "AtPatch with the subject's own detector.", "atpatch", atpatch),
        Method("oracle", "The trigger's true columns are redistributed: a bound.", "bound", oracle, 5),
        Method("flagged-to-zero", "AtPatch, but flagged columns keep nothing.", "variant", flagged_to_zero),
        Method("flagged-to-uniform", "AtPatch, but flagged columns keep one fair part.", "variant", flagged_to_uniform),
        Method("no-rescale", "AtPatch, but the other columns get nothing of it.", "variant", no_rescale),
        Method("random-columns", "As many columns as AtPatch flags, at random.", "columns", random_columns),
        Method("z-score", "Columns far above their clean mean; nothing is learnt.", "columns", z_score),
        Method("always-on", "The highest column of each watched head, always.", "columns", always_on),
        Method("painted-over", "What AtPatch flags is painted over in the picture.", "peer", painted_over),
        Method("strip", "STRIP: refuses pictures whose answer survives superposition.", "peer", strip, 17),
        Method("patch-drop", "PatchDrop: majority answer without random patches.", "peer", patch_drop, 17),
        Method("fine-tuning", "A copy of the model, trained on with the clean pictures.", "peer", fine_tuned, 10),
    )
}


def choose(names: str, known: dict[str, Method] = DEFENCES) -> dict[str, Method]:
    """The methods in "all" or in a list like "no-fix,atpatch", in the order of `known`.

    Raises `InputError` for a name that is not known.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if wanted == ["all"]:
        return dict(known)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise InputError(f"There is no defence {', '.join(unknown) or 'named'}; there are all, {', '.join(known)}.")
    return {name: method for name, method in known.items() if name in wanted}
