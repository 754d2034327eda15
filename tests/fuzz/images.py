"""Image files: in every mode, turned, cut off, injured, mislabelled, of extreme shapes."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from atpatch_core.subjects.image_files import read_image
from tests.support.image_files import animated, claiming, png, saved, with_chunk

from .case import Case, low


def cases(rng: random.Random) -> Iterator[Case]:
    """About two hundred files."""
    yield from _sound(rng)
    yield from _injured(rng)
    yield from _not_images(rng)
    yield from _beyond_limits(rng)


def _reading(content: bytes) -> Callable[[Path], object]:
    return lambda folder: np.asarray(read_image(content))


def _pixels(rng: random.Random, channels: int) -> np.ndarray:
    shape = (rng.randrange(1, 40), rng.randrange(1, 40), channels)
    return np.random.default_rng(rng.randrange(2**32)).integers(0, 256, shape, dtype=np.uint8)


def _same(wanted: np.ndarray, off: int = 0) -> Callable[[Any], bool]:
    return lambda found: found.shape == wanted.shape and int(np.abs(found.astype(int) - wanted).max()) <= off


def _over_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[:, :, None] / 255
    return np.round(colour * share + 255 * (1 - share)).astype(np.uint8)


def _sound(rng: random.Random) -> Iterator[Case]:
    for number in range(12):
        grey = _pixels(rng, 1)[:, :, 0]
        colour, clear = _pixels(rng, 3), _pixels(rng, 4)
        for kind, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True})):
            file = saved(Image.fromarray(colour), kind, **options)
            yield Case(f"colour {kind} {number}", _reading(file), _same(colour))
            file = saved(Image.fromarray(clear), kind, **options)
            wanted = _over_white(clear[:, :, :3], clear[:, :, 3])
            yield Case(f"transparent {kind} {number}", _reading(file), _same(wanted, off=1))
        yield Case(f"grey {number}", _reading(png(grey)), _same(grey))
        yield Case(f"16 bits {number}", _reading(png(grey.astype(np.uint16) * 256 + 99)), _same(grey))
        yield Case(f"one bit {number}", _reading(png(grey > 127)), _same(np.where(grey > 127, 255, 0)))
        exif = Image.Exif()
        exif[0x0112] = turn = rng.choice([*range(1, 9), 0, 9, 255])
        file = saved(Image.fromarray(colour), "PNG", exif=exif)
        yield Case(f"turned {turn} {number}", _reading(file), _same(_upright(colour, turn)))


def _upright(pixels: np.ndarray, turn: int) -> np.ndarray:
    ways: dict[int, Callable[[np.ndarray], np.ndarray]] = {
        2: lambda one: one[:, ::-1],
        3: lambda one: one[::-1, ::-1],
        4: lambda one: one[::-1],
        5: lambda one: one.transpose(1, 0, 2),
        6: lambda one: one.transpose(1, 0, 2)[:, ::-1],
        7: lambda one: one.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda one: one.transpose(1, 0, 2)[::-1],
    }
    return ways.get(turn, lambda one: one)(pixels)


def _injured(rng: random.Random) -> Iterator[Case]:
    """Files that are cut off or changed: an image without loss is the same one or refused."""
    for number in range(45):
        colour = _pixels(rng, 3)
        file = bytearray(png(colour))
        if number % 3 == 0:
            file = file[: rng.randrange(1, len(file))]
        elif number % 3 == 1:
            file[rng.randrange(8, len(file))] ^= 1 << rng.randrange(8)
        else:
            start = rng.randrange(8, len(file))
            del file[start : start + rng.randrange(1, 9)]
        yield Case(f"injured PNG {number}", _reading(bytes(file)), _same(colour), may_refuse=True)
    for number in range(20):
        kind = ("JPEG", "WEBP")[number % 2]
        file = bytearray(saved(Image.fromarray(_pixels(rng, 3)), kind))
        cut = bytes(file[: rng.randrange(1, len(file) // 2)])
        yield Case(f"half a {kind} {number}", _reading(cut))
    for number in range(6):
        colour = _pixels(rng, 3)
        name, data = rng.choice([(b"gAMA", b"\0\0"), (b"pHYs", b"\0"), (b"eXIf", b"MM\0*"), (b"teSt", b"\xff" * 99)])
        file = with_chunk(png(colour), name, data)
        yield Case(f"odd chunk {number}", _reading(file), _same(colour), may_refuse=True)


def _not_images(rng: random.Random) -> Iterator[Case]:
    image = Image.fromarray(_pixels(rng, 3))
    for kind in ("GIF", "TIFF", "BMP", "PPM", "ICO", "TGA", "PCX", "SGI", "PDF"):
        yield Case(f"a {kind}", _reading(saved(image, kind)))
    for kind in ("PNG", "WEBP"):
        yield Case(f"an animated {kind}", _reading(animated(kind)))
    for number in range(12):
        yield Case(f"bytes {number}", _reading(rng.randbytes(rng.randrange(0, 2_000))))
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP"):
        yield Case(f"only the start {start!r}", _reading(start))
        yield Case(f"start and bytes {start!r}", _reading(start + rng.randbytes(300)))


def _beyond_limits(rng: random.Random) -> Iterator[Case]:
    for width, height in ((60_000, 60_000), (1, 2**31 - 1), (2**31 - 1, 1), (0, 5), (5, 0), (200_000, 3)):
        yield Case(f"claims {width} x {height}", _reading(claiming(width, height)))
    for number in range(8):
        wide = rng.randrange(30, 60)
        file = png(np.zeros((2, wide), dtype=np.uint8))
        for limit, most in (("side", wide - 1), ("ratio", wide // 2 - 1), ("pixels", 2 * wide - 1), ("bytes", 20)):
            yield Case(f"beyond {limit} {number}", _limited(file, limit, most))
        for limit, most in (("side", wide), ("ratio", wide // 2 + 1), ("pixels", 2 * wide), ("bytes", len(file))):
            right = _same(np.zeros((2, wide), dtype=np.uint8))
            yield Case(f"within {limit} {number}", _limited(file, limit, most), right)


def _limited(content: bytes, limit: str, most: int) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        with low("IMAGES", **{limit: most}):
            return np.asarray(read_image(content))

    return attempt


def as_file(pixels: np.ndarray) -> bytes:
    """The PNG of some pixels, for data sets."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
