"""Fashion-MNIST (Xiao et al., 2017, MIT licence): 60,000 + 10,000 grey 28x28 images of clothes in 10 classes."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atpatch_core.errors import InputError

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
DEFAULT_FOLDER = Path("/usr/share/datasets/fashion-mnist")
# Of the uncompressed IDX files, so that any re-packed gzip of the same data is accepted.
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


@dataclass(frozen=True)
class ImageSet:
    """Images `uint8 [n, height, width, channels]` and their labels `int64 [n]`."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: np.ndarray) -> ImageSet:
        """The images at `index`, in that order."""
        return ImageSet(self.images[index], self.labels[index])


def load_fashion_mnist(folder: Path | None = None) -> tuple[ImageSet, ImageSet]:
    """Read the 60,000 training and 10,000 test images.

    Raises `InputError` when the files are missing or their SHA-256 is not the known one.
    """
    folder = folder or DEFAULT_FOLDER
    return (_read_set(folder, "train"), _read_set(folder, "t10k"))


def _read_set(folder: Path, prefix: str) -> ImageSet:
    images = np.frombuffer(_read_idx(folder, f"{prefix}-images-idx3-ubyte"), np.uint8, offset=16)
    labels = np.frombuffer(_read_idx(folder, f"{prefix}-labels-idx1-ubyte"), np.uint8, offset=8)
    return ImageSet(images.reshape(-1, 28, 28, 1), labels.astype(np.int64))


def _read_idx(folder: Path, name: str) -> bytes:
    for path in (folder / f"{name}.gz", folder / name):
        if path.exists():
            packed = path.read_bytes()
            break
    else:
        raise InputError(
            f"Fashion-MNIST's {name}.gz is not in {folder}: install Debian's package dataset-fashion-mnist, "
            "or name the folder that holds the files with --data-dir."
        )
    try:
        content = gzip.decompress(packed) if path.suffix == ".gz" else packed
    except (OSError, EOFError, zlib.error):
        content = b""
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise InputError(f"{path} is not the published Fashion-MNIST file (its SHA-256 differs); fetch it again.")
    return content
