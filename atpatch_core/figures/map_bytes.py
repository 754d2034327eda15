"""One attention map packed for a browser: a chart of 512 x 512 numbers would be megabytes, this is a few hundred kB.

Values are kept on a square-root scale in 16 bits, which is finer than the four digits that are shown, and deflated.
"""

from __future__ import annotations

import base64
import zlib

import numpy as np

_STEPS = 65_535


def pack_map(attention: np.ndarray, strongest: float) -> str:
    """`[queries, keys]`, 0 to `strongest`, as base64 of zlib of `round(65535 * sqrt(share))`.

    All high bytes come first, then all low ones: neighbours have similar high bytes, which deflates better.
    """
    share = np.clip(attention / strongest, 0.0, 1.0)
    steps = np.ascontiguousarray(np.rint(np.sqrt(share) * _STEPS).astype("<u2"))
    planes = steps.view(np.uint8).reshape(-1, 2).T[::-1]
    return base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode("ascii")


def unpack_map(packed: str, shape: tuple[int, int], strongest: float) -> np.ndarray:
    """What a browser makes of `pack_map`'s answer, `float64 [queries, keys]`."""
    high, low = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8).reshape(2, -1)
    steps = high.astype(np.int64) * 256 + low
    values: np.ndarray = (steps / _STEPS) ** 2 * strongest
    return values.reshape(shape)
