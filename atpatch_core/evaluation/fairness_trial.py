"""One run on records: every person as they are and with every flip, and whom the answers treat by an attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from ..subjects.subject import Subject
from .defences.contract import Answers, Suspects
from .evaluate import Triggered
from .fairness import FairnessJudge
from .labelled import Labelled
from .outcomes import judged
from .rates import Rate
from .record_data import LabelledRecords
from .trial import CLEAN, AttackFigures, DefenceFigures, Judged


@dataclass(frozen=True)
class FairnessTrial:
    """Records with all their flips, under the one condition `CLEAN` (see `Trial`).

    Attributes:
        judge: holds them; a defence's answers have one place for each version.
    """

    judge: FairnessJudge

    @property
    def judged(self) -> LabelledRecords:
        """The records as they are."""
        return self.judge.data

    @property
    def suspects(self) -> Mapping[str, Sequence[Suspects]]:
        """All versions at once; those that are the same to the model are run once."""
        versions = self.judge.flips.versions
        labels = np.tile(self.judged.labels, len(self.judge.flips.rounds))
        return {CLEAN: [Suspects(versions, (), labels)]}

    def figures(self, after: Mapping[str, Answers], before: Mapping[str, Answers]) -> DefenceFigures:
        """Accuracy, and attribute by attribute who is treated by it."""
        found = self.judge.compare(after[CLEAN].labels)
        attributes = {name: AttackFigures(_rates(of_it), found.n) for name, of_it in found.attributes.items()}
        return DefenceFigures(_rates(found), attributes)

    def outcomes(
        self, after: Mapping[str, Answers], before: Mapping[str, Answers], attack: str
    ) -> dict[str, list[Judged]]:
        """The people who are treated by the attribute, who no longer are, and who get another answer.

        Args:
            after: the defence's answers.
            before: the untouched model's answers.
            attack: name of the protected attribute.
        """
        number = [attribute.name for attribute in self.judge.protected].index(attack)
        flips, now, then = self.judge.flips, after[CLEAN].labels, before[CLEAN].labels
        treated = flips.changes(now)[:, number]
        members = {
            f"still treated by {attack}": treated,
            f"no longer treated by {attack}": flips.changes(then)[:, number] & ~treated,
            "who get another answer": flips.originals(now) != flips.originals(then),
        }
        own = (flips.originals(then), flips.originals(now), treated)
        return {name: judged(self.judged, *own, some) for name, some in members.items()}


def fairness_trial(subject: Subject, data: Labelled, _attacks: Mapping[str, Triggered]) -> FairnessTrial:
    """Records carry no trigger; their attributes are flipped.

    Args:
        subject: the model.
        data: labelled records.
        _attacks: not used.

    Raises:
        InputError: no attribute is protected.
    """
    assert isinstance(data, LabelledRecords)
    return FairnessTrial(FairnessJudge.of(subject, data))


def _rates(found: object) -> dict[str, Rate]:
    values = {field.name: getattr(found, field.name) for field in fields(found)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if isinstance(value, Rate)}
