"""Which class a label in a data set means, or why that is not clear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..files.values import shown

_MOST_DIGITS = 6
_MOST_LISTED = 20


@dataclass(frozen=True)
class ClassNumbers:
    """The classes of a model by the names and numbers that data sets give them.

    Attributes:
        names: of the classes, in order.
        count: how many classes have each name.
        dashed: the numbers of the classes by their name with "/" written as "-".
    """

    names: tuple[str, ...]
    count: dict[str, int]
    dashed: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, labels: Sequence[str]) -> ClassNumbers:
        """Those of a model whose classes are `labels`, in order."""
        dashed: dict[str, tuple[int, ...]] = {}
        for number, label in enumerate(labels):
            key = label.replace("/", "-")
            dashed[key] = (*dashed.get(key, ()), number)
        return cls(tuple(labels), Counter(labels), dashed)

    def number(self, label: object, where: str) -> int:
        """The number of the class that a value of a column `label` means. A name goes before a number in a text.

        Args:
            label: a name, or a number counted from 0.
            where: what the message begins with.

        Raises:
            InputError: there is no such class, or more than one.
        """
        if isinstance(label, int) and not isinstance(label, bool):
            return self._counted(label, where)
        # A truth value is no number, but a model may have classes that are called True and False.
        text = str(label) if isinstance(label, str | bool) else None
        if text is None:
            raise self._unknown(label, where)
        for name in (text, text.strip()):
            if self.count.get(name, 0) > 1:
                raise InputError(
                    f"{where} has a label {name[:40]!r}, but the model has {self.count[name]} classes of this name: "
                    "give their numbers, counted from 0."
                )
            if name in self.count:
                return self.names.index(name)
        name = text.strip()
        if name.isascii() and name.isdigit() and len(name) <= _MOST_DIGITS and int(name) < len(self.names):
            return int(name)
        return self._of_dashed(name, label, where)

    def of_folder(self, name: str, where: str) -> int:
        """The class that a folder is named after, in whose name "/" is written as "-". Raises `InputError`."""
        if len(self.dashed.get(name, ())) > 1:
            raise InputError(
                f"{where}: the folder {name[:40]!r} may be any of {len(self.dashed[name])} classes of the model; use a "
                "Parquet file with the numbers of the classes, counted from 0."
            )
        return self.number(name, where)

    def _counted(self, label: int, where: str) -> int:
        text = str(label) if abs(label) < 10**_MOST_DIGITS else ""
        if text in self.count and self.names[label : label + 1] != (text,):
            raise InputError(
                f"{where} has a label {label}, but it can't be told whether the class number {label} or the one called "
                f"“{text}” is meant: write the names of the classes as text."
            )
        if not 0 <= label < len(self.names):
            raise self._unknown(label, where)
        return label

    def _of_dashed(self, name: str, label: object, where: str) -> int:
        numbers = self.dashed.get(name, ())
        if len(numbers) != 1:
            raise self._unknown(label, where)
        return numbers[0]

    def _unknown(self, label: object, where: str) -> InputError:
        known = ", ".join(self.names[:_MOST_LISTED])
        more = f" and {len(self.names) - _MOST_LISTED} more" if len(self.names) > _MOST_LISTED else ""
        named = repr(label[:40]) if isinstance(label, str) else shown(label)
        return InputError(f"{where} has a label {named} that the model does not know; it knows {known}{more}.")
