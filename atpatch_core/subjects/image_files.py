"""Read an untrusted image file into the image a person would see."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import ExifTags, Image

from .. import limits
from ..errors import InputError
from ..files.content import size

FORMATS = ("PNG", "JPEG", "WEBP")
# How to turn an image upright, by its EXIF orientation. Pillow's own function also rewrites the EXIF data, which fails
# where they are damaged.
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(content: bytes) -> Image.Image:
    """Decode a PNG, JPEG or WebP file as an upright image of mode "L" or "RGB".

    The format is known by the content, not by the name. Transparent pixels are laid over white, so that nothing hidden
    under them reaches the model; 16-bit greys are scaled to 8 bits; EXIF rotation is applied.

    Args:
        content: the bytes of the file.

    Returns:
        The image, not larger than `limits.IMAGES`.

    Raises:
        InputError: the file is empty, damaged, animated or of another format, or the image is larger than
            `limits.IMAGES`, which is checked before it is unpacked.
    """
    if not content:
        raise InputError("The file is empty: choose an image that has something in it.")
    if len(content) > limits.IMAGES.bytes:
        raise InputError(f"The file is larger than {size(limits.IMAGES.bytes)}: save a smaller copy and try again.")
    image = _opened(content)
    _check_shape(image.width, image.height)
    try:
        animated = getattr(image, "n_frames", 1) > 1
        if not animated:
            image.load()
            turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
            return _as_seen(image if turn is None else image.transpose(turn))
    except Exception:  # decoders of damaged files raise whatever they please
        raise InputError("The image is damaged or cut off: save it again and try again.") from None
    raise InputError("The image is animated: save the one frame you want to look at and try again.")


def as_array(image: Image.Image) -> np.ndarray:
    """An image of mode "L" or "RGB" as `uint8 [height, width, channels]`."""
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def from_array(pixels: np.ndarray) -> Image.Image:
    """The Pillow image of `uint8 [height, width, 1 or 3]`.

    Example:
        >>> import numpy as np
        >>> from_array(np.zeros((28, 20, 1), dtype=np.uint8)).size  # (width, height)
        (20, 28)
    """
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[-1] == 1 else pixels)


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        raise InputError(_too_large()) from None
    except Exception:
        raise InputError("This is not a PNG, JPEG or WebP image: convert it to one of these and try again.") from None


def _check_shape(width: int, height: int) -> None:
    long, short = max(width, height), min(width, height)
    if width * height > limits.IMAGES.pixels:
        raise InputError(_too_large())
    if long > limits.IMAGES.side:
        raise InputError(f"The image is {long:,} pixels long, more than {limits.IMAGES.side:,}: cut out a part of it.")
    if long > limits.IMAGES.ratio * short:
        raise InputError(f"The image is more than {limits.IMAGES.ratio:,} times as long as wide: cut out a part of it.")


def _too_large() -> str:
    most = limits.IMAGES.pixels
    count = f"{most // 1_000_000} megapixels" if most >= 1_000_000 else f"{most:,} pixels"
    return f"The image has more than {count}: scale it down and try again."


def _as_seen(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8))
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        layered = image.convert("RGBA")
        background = Image.new("RGBA", layered.size, "white")
        seen = Image.alpha_composite(background, layered).convert("RGB")
        return seen.convert("L") if image.mode in ("LA", "La") else seen
    if image.mode in ("1", "L"):
        return image.convert("L")
    return image.convert("RGB")
