"""How the columns of an input's maps are named, and where in the input they lie."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """How the columns of an input's maps are shown to a person.

    Attributes:
        key_names: a name for each column: "[CLS]", "row 6, column 6", "movie", "sex".
        special: for each column, whether the model added it itself ([CLS], [SEP], padding).
        grid: for images, (rows, columns) of patches; the patches follow the special keys row by row.
        words: for texts, the number of the word each column is a part of; `None` for special keys.
        spans: for texts, where each column stands in the text, (start, end) in characters; `None` for special keys.
        unit: what one column is called: "word", "field".
        notice: a sentence about what part of the input the columns leave out, if any.

    Example:
        >>> layout = Layout(("[CLS]", "age", "sex"), (True, False, False), unit="field")
        >>> layout.key_names[2], layout.grid
        ('sex', None)
    """

    key_names: tuple[str, ...]
    special: tuple[bool, ...]
    grid: tuple[int, int] | None = None
    words: tuple[int | None, ...] | None = None
    spans: tuple[tuple[int, int] | None, ...] | None = None
    unit: str = "column"
    notice: str | None = None


def patch_boxes(layout: Layout, width: int, height: int) -> dict[int, tuple[int, int, int, int]]:
    """Where each patch lies on an image.

    Args:
        layout: the columns of its maps; without a `grid` there are no patches.
        width: of the image, in pixels.
        height: of the image, in pixels.

    Returns:
        For every key that is a patch its pixel box (left, top, right, bottom), both ends included.

    Example:
        >>> layout = Layout(("[CLS]", "row 0, column 0", "row 0, column 1"), (True, False, False), grid=(1, 2))
        >>> patch_boxes(layout, width=8, height=4)
        {1: (0, 0, 3, 3), 2: (4, 0, 7, 3)}
    """
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
    """The key of the patch that covers a pixel.

    Args:
        layout: the columns of the image's maps.
        size: (width, height) of the image, in pixels.
        row: of the pixel, from 0.
        column: of the pixel, from 0.

    Raises:
        ValueError: no patch covers it.
    """
    for key, (left, top, right, bottom) in patch_boxes(layout, *size).items():
        if left <= column <= right and top <= row <= bottom:
            return key
    raise ValueError(f"No patch covers row {row}, column {column}.")
