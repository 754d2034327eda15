"""How the columns of an input's maps are named, and where in the input they lie."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """How the columns of an input's maps are shown to a person.

    `key_names[k]` names column `k` ("[CLS]", "row 6, column 6", "movie", "sex"); `special[k]` says that the model
    itself added it. For images, `grid` is (rows, columns) of patches, which follow the special keys row by row. For
    texts, `words[k]` numbers the word that column `k` is a part of, and `spans[k]` says where in the text it stands,
    (start, end) in characters; both are `None` for special keys. `unit` is what one column is called; `notice` is a
    sentence about what of the input the columns leave out, if they do.
    """

    key_names: tuple[str, ...]
    special: tuple[bool, ...]
    grid: tuple[int, int] | None = None
    words: tuple[int | None, ...] | None = None
    spans: tuple[tuple[int, int] | None, ...] | None = None
    unit: str = "column"
    notice: str | None = None


def patch_boxes(layout: Layout, width: int, height: int) -> dict[int, tuple[int, int, int, int]]:
    """The pixel box (left, top, right, bottom) of every key that is a patch, on a picture of `width` x `height`."""
    if layout.grid is None:
        return {}
    rows, columns = layout.grid
    first = sum(layout.special)
    return {
        first + row * columns + column: (
            column * width // columns,
            row * height // rows,
            (column + 1) * width // columns - 1,
            (row + 1) * height // rows - 1,
        )
        for row in range(rows)
        for column in range(columns)
    }


def key_at(layout: Layout, size: tuple[int, int], row: int, column: int) -> int:
    """The key of the patch that covers pixel (`row`, `column`) of a picture of `size` (width, height).

    Raises `ValueError` when there is none.
    """
    for key, (left, top, right, bottom) in patch_boxes(layout, *size).items():
        if left <= column <= right and top <= row <= bottom:
            return key
    raise ValueError(f"No patch covers row {row}, column {column}.")
