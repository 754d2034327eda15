"""Reading images: whatever the file, either the image a person would see or one sentence."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image

from atpatch_core import limits
from atpatch_core.errors import InputError
from atpatch_core.subjects.image_files import as_array, from_array, read_image
from tests.support.image_files import accepted, grey, png, refused, saved, turned


@pytest.mark.parametrize("name", refused())
def test_what_is_no_usable_image_is_refused_in_one_sentence(name: str) -> None:
    content, reason = refused()[name]
    with pytest.raises(InputError, match=reason) as refusal:
        read_image(content)
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize("name", accepted())
def test_unusual_images_become_grey_or_colour(name: str) -> None:
    assert read_image(accepted()[name]).mode in ("L", "RGB")


def test_a_grey_png_keeps_every_pixel() -> None:
    assert np.array_equal(np.asarray(read_image(png(grey()))), grey())


def test_16_bits_are_scaled_to_8() -> None:
    assert np.array_equal(np.asarray(read_image(png(grey().astype(np.uint16) * 257))), grey())


def test_what_lies_under_transparent_pixels_does_not_reach_the_model() -> None:
    pixels = np.zeros((4, 4, 4), dtype=np.uint8)
    pixels[..., 0], pixels[:2, :, 3] = 200, 255
    seen = np.asarray(read_image(png(pixels)))
    assert (seen[:2] == [200, 0, 0]).all()
    assert (seen[2:] == 255).all()


def test_grey_with_transparency_stays_grey_over_white() -> None:
    image = Image.fromarray(np.dstack([np.full((2, 2), 9, np.uint8), np.array([[255, 0], [255, 0]], np.uint8)]), "LA")
    seen = read_image(saved(image, "PNG"))
    assert seen.mode == "L"
    assert np.asarray(seen).tolist() == [[9, 255], [9, 255]]


def test_a_transparent_palette_colour_becomes_white() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    seen = np.asarray(read_image(saved(palette, "PNG", transparency=1)))
    assert seen.tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_cmyk_becomes_the_colours_a_viewer_shows() -> None:
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    red, green, blue = np.asarray(read_image(saved(cyan, "JPEG", quality=100)))[4, 4]
    assert red < 40
    assert min(green, blue) > 120


@pytest.mark.parametrize(
    ("orientation", "white"),
    [(1, "left"), (2, "right"), (3, "right"), (4, "left"), (5, "top"), (6, "top"), (7, "bottom"), (8, "bottom")],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_images_are_turned_upright(orientation: int, white: str, kind: str) -> None:
    pixels = np.asarray(read_image(turned(orientation, kind)).convert("L")).astype(int)
    assert pixels.shape == ((10, 20) if orientation < 5 else (20, 10))
    height, width = pixels.shape
    halves = {
        "left": pixels[:, : width // 2],
        "right": pixels[:, width // 2 :],
        "top": pixels[: height // 2],
        "bottom": pixels[height // 2 :],
    }
    assert max(halves, key=lambda side: halves[side].mean()) == white


def test_the_content_counts_not_the_name() -> None:
    assert read_image(saved(Image.fromarray(grey()), "JPEG")).size == (28, 28)


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(InputError, match="20 MB"):
        read_image(b"\0" * (limits.IMAGES.bytes + 1))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_anywhere_never_raise_anything_else() -> None:
    """Three thousand random injuries to files with EXIF data, palettes and transparency."""
    rng = random.Random(0)
    files = [*accepted().values(), turned(6, "PNG"), turned(8, "WEBP")]
    read = 0
    for _ in range(3_000):
        content = bytearray(rng.choice(files))
        for _ in range(rng.choice((1, 1, 2, 8))):
            where = rng.randrange(min(len(content), rng.choice((60, 200, len(content)))))
            if rng.random() < 0.8:
                content[where] = rng.randrange(256)
            else:
                del content[where : where + rng.randrange(1, 20)]
        try:
            assert read_image(bytes(content)).mode in ("L", "RGB")
            read += 1
        except InputError:
            pass
    assert 0 < read < 3_000


@pytest.mark.parametrize("shape", [(5, 7, 1), (5, 7, 3)])
def test_pixels_go_through_a_image_and_back(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(as_array(from_array(pixels)), pixels)
