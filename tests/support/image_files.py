"""Image files as they come: in every mode, damaged, hostile."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import Any

import numpy as np
from PIL import Image


def png(pixels: np.ndarray) -> bytes:
    """The PNG file of an array, in whatever mode Pillow gives it (`uint16` becomes a 16-bit grey)."""
    return saved(Image.fromarray(pixels), "PNG")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The file of an image as PNG, JPEG, WEBP, GIF, TIFF, ..."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def grey(height: int = 28, width: int = 28, seed: int = 0) -> np.ndarray:
    """Random `uint8 [height, width]`."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises `width` x `height` pixels."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(b"\0" * 100)) + _chunk(b"IEND", b"")


def with_chunk(content: bytes, name: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk after its header."""
    return content[:33] + _chunk(name, data) + content[33:]


def text_bomb() -> bytes:
    """A small PNG with a comment that unpacks to 200 MB."""
    return with_chunk(png(grey()), b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9))


def animated(kind: str) -> bytes:
    """Two frames as an animated PNG or WEBP."""
    first, second = (Image.fromarray(grey(seed=seed)).convert("RGB") for seed in (0, 1))
    return saved(first, kind, save_all=True, append_images=[second], duration=100)


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    """An image, 20 wide and 10 high, whose left half is white, with an EXIF orientation."""
    pixels = np.zeros((10, 20), dtype=np.uint8)
    pixels[:, :10] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(Image.fromarray(pixels), kind, exif=exif, quality=100)


def hundred_megapixels() -> bytes:
    """A black PNG of 10,000 x 10,000 pixels: a file of 100 kB."""
    return saved(Image.new("1", (10_000, 10_000)), "PNG")


@cache
def refused() -> dict[str, tuple[bytes, str]]:
    """Files that are no usable image, each with a pattern that the refusal matches."""
    return {
        "empty": (b"", "empty"),
        "text": (b"Dear reader, this is no image.", "not a PNG, JPEG or WebP"),
        "renamed-gif": (saved(Image.fromarray(grey()), "GIF"), "not a PNG, JPEG or WebP"),
        "renamed-tiff": (saved(Image.fromarray(grey()), "TIFF"), "not a PNG, JPEG or WebP"),
        "truncated-png": (png(grey())[:400], "damaged or cut off"),
        "truncated-jpeg": (saved(Image.fromarray(grey(64, 64)), "JPEG")[:900], "damaged or cut off"),
        "truncated-webp": (saved(Image.fromarray(grey(64, 64)), "WEBP")[:500], "not a PNG|damaged or cut off"),
        "header-only": (png(grey())[:20], "not a PNG|damaged or cut off"),
        "animated-png": (animated("PNG"), "animated"),
        "animated-webp": (animated("WEBP"), "animated"),
        "hundred-megapixels": (hundred_megapixels(), "megapixels"),
        "bomb": (claiming(60_000, 60_000), "megapixels"),
        "no-pixels": (claiming(0, 5), "not a PNG|damaged or cut off"),
        "text-bomb": (text_bomb(), "not a PNG|damaged or cut off"),
    }


@cache
def accepted() -> dict[str, bytes]:
    """Files that are unusual, but images all the same."""
    rgba = np.dstack([grey(seed=seed) for seed in range(4)])
    cmyk = Image.fromarray(rgba, "CMYK")
    return {
        "grey-png": png(grey()),
        "colour-png": png(rgba[:, :, :3].copy()),
        "rgba-png": png(rgba),
        "16-bit-png": png(grey().astype(np.uint16) * 257),
        "palette-png": saved(Image.fromarray(grey()).convert("P"), "PNG"),
        "one-bit-png": saved(Image.fromarray(grey()).convert("1"), "PNG"),
        "cmyk-jpeg": saved(cmyk, "JPEG"),
        "turned-jpeg": turned(6),
        "webp": saved(Image.fromarray(rgba), "WEBP", lossless=True),
        "one-pixel": png(np.array([[7]], dtype=np.uint8)),
        "long": png(grey(1, 3000)),
    }


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
