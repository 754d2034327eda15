"""The errors a person can do something about: each message is one sentence that says what to do."""

from __future__ import annotations


class AtPatchError(ValueError):
    """Something about a model, a detector or an input is not as it must be; the message is fit to be shown."""


class SubjectError(AtPatchError):
    """A model folder cannot be used as a subject."""


class InputError(AtPatchError):
    """An input (image, text, record, data set) cannot be used."""


class DetectorError(AtPatchError):
    """A detector is missing, damaged, or made for another model."""


class HotfixError(AtPatchError):
    """A model's attention cannot be captured or repaired in the way asked for."""


class LabelError(AtPatchError):
    """A label, a label file or the label store cannot be used."""


class TrainingError(AtPatchError):
    """A training can't be started, or can't be found."""


class ComparisonError(AtPatchError):
    """A comparison can't be started, or can't be kept."""


class MissingExtraError(AtPatchError, ImportError):
    """Packages of an extra are needed and not installed."""
