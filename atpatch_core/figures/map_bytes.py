"""One attention map packed for a browser: a chart of 512 x 512 numbers would be megabytes, this is a few hundred kB.

Values are kept on a square-root scale in 16 bits, which is finer than the four digits that are shown, and deflated.
"""

from __future__ import annotations

import base64
import zlib

import numpy as np

_STEPS = 65_535


def pack_maps(before: np.ndarray, after: np.ndarray, strongest: float) -> tuple[str, str]:
    """Pack a map, before and after, as base64 of zlib.

    The first text holds `round(65535 * sqrt(share))`, the second how much the steps of the other map differ from that,
    modulo 65536: what was not repaired packs to nothing. All high bytes come first, then all low ones, because
    neighbours have similar high bytes, which deflates better.

    Args:
        before: the map without AtPatch, `[queries, keys]`, 0 to `strongest`.
        after: the map with AtPatch, of the same shape.
        strongest: the largest value of both.

    Example:
        >>> before, after = np.array([[0.9, 0.1]]), np.array([[0.2, 0.8]])
        >>> unpacked = unpack_maps(pack_maps(before, after, 0.9), (1, 2), 0.9)
        >>> [map_values.round(3).tolist() for map_values in unpacked]
        [[[0.9, 0.1]], [[0.2, 0.8]]]
    """
    first, second = _steps(before, strongest), _steps(after, strongest)
    return _packed(first), _packed(second - first)


def unpack_maps(packed: tuple[str, str], shape: tuple[int, int], strongest: float) -> tuple[np.ndarray, np.ndarray]:
    """Undo `pack_maps`, as a browser does.

    Args:
        packed: what `pack_maps` returned.
        shape: (queries, keys).
        strongest: as it was given to `pack_maps`.

    Returns:
        The map before and after, float64 `[queries, keys]` each.
    """
    first = _unpacked(packed[0])
    second = (first + _unpacked(packed[1])) % (_STEPS + 1)
    before, after = ((steps / _STEPS) ** 2 * strongest for steps in (first, second))
    return before.reshape(shape), after.reshape(shape)


def _steps(attention: np.ndarray, strongest: float) -> np.ndarray:
    share = np.clip(attention / strongest, 0.0, 1.0)
    steps: np.ndarray = np.rint(np.sqrt(share) * _STEPS).astype("<u2")
    return steps


def _packed(steps: np.ndarray) -> str:
    planes = np.ascontiguousarray(steps).view(np.uint8).reshape(-1, 2).T[::-1]
    return base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode("ascii")


def _unpacked(packed: str) -> np.ndarray:
    high, low = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8).reshape(2, -1)
    steps: np.ndarray = high.astype(np.int64) * 256 + low
    return steps
