"""Reading Fashion-MNIST from a folder: the published files or a sentence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from atpatch_core.errors import InputError
from sample_models.recipes.images.fashion_mnist import SHA256, load_fashion_mnist

_FIRST = "train-images-idx3-ubyte"


def test_missing_files_are_named_with_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dataset-fashion-mnist"):
        load_fashion_mnist(tmp_path)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"other data"), gzip.compress(b"cut")[:-9], b"no gzip", b""],
    ids=["other data", "cut off", "no gzip", "empty"],
)
def test_other_or_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    for name in SHA256:
        (tmp_path / f"{name}.gz").write_bytes(content)
    with pytest.raises(InputError, match=f"{_FIRST}.gz is not the published Fashion-MNIST file"):
        load_fashion_mnist(tmp_path)
