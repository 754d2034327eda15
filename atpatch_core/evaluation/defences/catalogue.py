"""Every defence by the kind of input and its name: what the table calls it, what it is, and how it is made ready.

ONION (arXiv 2011.10369) is left out for texts: it needs a language model to measure fluency with, and none installs as
a package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ...detector.reference import KINDS
from ...subjects.record import record_schema
from ...subjects.subject import Subject
from .always_on import always_on
from .column_fix import atpatch
from .contract import Defence, DefenderData
from .fine_tuning import fine_tuned
from .flip_oracle import flip_oracle
from .imputing import imputed
from .masking import painted_over
from .no_rescale import no_rescale
from .oracle import oracle
from .other_reference import flagged_to_uniform, flagged_to_zero
from .patch_drop import patch_drop
from .protected_columns import always_protected, random_fields
from .random_columns import random_columns
from .random_words import random_words
from .record_fix import flagged_to, not_rescaled, record_atpatch, record_z_score, trained_detector
from .strip import strip
from .text_hotfix import text_hotfix
from .text_oracle import text_oracle
from .text_strip import text_strip
from .token_masking import token_masking
from .tuning_on_flips import tuned_on_flips
from .untouched import no_fix
from .z_score import z_score
from .z_score_by_role import text_z_score

Family = Literal["none", "atpatch", "bound", "variant", "columns", "peer", "ablation"]
Prepare = Callable[[Subject, DefenderData], Defence]
NO_FIX, ATPATCH = "no-fix", "atpatch"


@dataclass(frozen=True)
class Method:
    """A way to make a defence.

    Attributes:
        name: what tables call it.
        summary: a sentence about it.
        family: how to read its row: "none" is the model as it is, which all others are compared with; "bound" needs the
            truth, which is not known in the field; "variant" and "ablation" are AtPatch with a part replaced or left
            out; "columns" redistributes columns chosen in another way; "peer" is another kind of defence.
        prepare: makes the defence from the subject and what the defender has; raises `AtPatchError` where the method
            can't be used.
        effort: about how many forward passes it takes for one input; 1 by default.
    """

    name: str
    summary: str
    family: Family
    prepare: Prepare
    effort: float = 1


def _by_name(*methods: Method) -> dict[str, Method]:
    return {method.name: method for method in methods}


IMAGE_DEFENCES = _by_name(
    Method(NO_FIX, "The model as it is.", "none", no_fix),
    Method(ATPATCH, "AtPatch with the subject's own detector.", "atpatch", atpatch),
    Method("oracle", "The trigger's true columns are redistributed: a bound.", "bound", oracle, 5),
    Method("flagged-to-zero", "AtPatch, but flagged columns keep nothing.", "variant", flagged_to_zero),
    Method("flagged-to-uniform", "AtPatch, but flagged columns keep one fair part.", "variant", flagged_to_uniform),
    Method("no-rescale", "AtPatch, but the other columns get nothing of it.", "variant", no_rescale),
    Method("random-columns", "As many columns as AtPatch flags, at random.", "columns", random_columns),
    Method("z-score", "Columns far above their clean mean; nothing is learnt.", "columns", z_score),
    Method("always-on", "The highest column of each watched head, always.", "columns", always_on),
    Method("painted-over", "What AtPatch flags is painted over in the image.", "peer", painted_over),
    Method("strip", "STRIP: refuses images whose answer survives superposition.", "peer", strip, 17),
    Method("patch-drop", "PatchDrop: majority answer without random patches.", "peer", patch_drop, 17),
    Method("fine-tuning", "A copy of the model, trained on with the clean images.", "peer", fine_tuned, 10),
)
TEXT_DEFENCES = _by_name(
    Method(NO_FIX, "The model as it is.", "none", no_fix),
    Method(ATPATCH, "AtPatch with the subject's own detector.", "atpatch", text_hotfix, 6),
    Method("oracle", "The trigger's true words are redistributed in all layers: a bound.", "bound", text_oracle),
    Method("random-words", "As many words as AtPatch would redistribute, at random.", "columns", random_words, 6),
    Method("z-score", "Columns far above what is usual for their role; nothing is learnt.", "columns", text_z_score, 3),
    Method("token-masking", "X-GRAAD's idea: masks the word the answer hangs on most.", "peer", token_masking, 4),
    Method("strip", "STRIP: refuses texts whose answer survives other words.", "peer", text_strip, 10),
)


def record_defences(subject: Subject) -> dict[str, Method]:
    """Those for records, some of them named after the subject's protected attributes.

    Raises `InputError` if it takes no records, `DetectorError` if it has no trained detector.
    """
    schema, reference = record_schema(subject), trained_detector(subject).reference
    names = [attribute.name for attribute in schema.protected]
    typical = {name: schema.typical()[name] for name in names}
    made = [
        Method("no fix", "The model as it is.", "none", partial(imputed, {})),
        Method(ATPATCH, "AtPatch with the subject's own detector.", "atpatch", record_atpatch),
    ]
    for name, value in typical.items():
        summary = f"The model is told {value} for everybody."
        made.append(Method(f"{name} imputed by {value}", summary, "peer", partial(imputed, {name: value})))
    summary = "The model never learns a protected attribute."
    made.append(Method("all protected imputed", summary, "peer", partial(imputed, typical)))
    summary = "A copy of the model, trained on with protected attributes at random."
    made.append(Method("fine-tuned on flips", summary, "peer", tuned_on_flips, 9))
    for kind in KINDS:
        if kind != reference:
            summary = "AtPatch with another benign reference."
            made.append(Method(f"flagged to {kind}", summary, "variant", partial(flagged_to, kind)))
    made += [
        Method("not rescaled", "AtPatch, but the other columns get nothing of it.", "variant", not_rescaled),
        Method("z-score", "Columns far above their clean mean; nothing is learnt.", "columns", record_z_score),
        Method("always on", "The columns of the protected attributes, always.", "peer", always_protected),
        Method("random columns", "As many columns of other fields, at random.", "columns", random_fields),
        Method("oracle", "Exactly who is discriminated against is repaired: a bound.", "bound", flip_oracle),
    ]
    return _by_name(*made)
