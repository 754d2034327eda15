"""What changes with any file of a model and of a version of its detector."""

from __future__ import annotations

from pathlib import Path

from ..digest import digest_of
from .detector_versions import SHIPPED, version_folder


def stamp(folder: Path, version: str | None) -> str:
    """A digest that is another one after any file of a model, or of a version of its detector, was changed.

    Other versions than this one, and which one is active, make no difference.

    Args:
        folder: the model's.
        version: name of the version of its detector; `None` for a model without one.

    Returns:
        64 hexadecimal characters.

    Raises:
        OSError: the disk refuses.
        DetectorError: there is no such version.

    Example:
        >>> from pathlib import Path
        >>> len(stamp(Path("sample_models/fashion-vit-badnets"), "shipped"))
        64
    """
    return digest_of(f"{folder.resolve()}|{version}|{_stamps(folder, version)}".encode("utf-8", "surrogateescape"))


def _stamps(folder: Path, version: str | None) -> list[tuple[str, int, int]]:
    """The name, the time of the last change and the size of each of the files. Raises `OSError`."""
    files = {path for path in folder.rglob("*") if path.is_file() and not _is_about_versions(path.relative_to(folder))}
    if version not in (None, SHIPPED):
        files.update(path for path in version_folder(folder, version).iterdir() if path.is_file())
    return [(str(path.relative_to(folder)), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(files)]


def _is_about_versions(path: Path) -> bool:
    """Whether a file in a model's folder is of some version of its detector, or says which one is active."""
    return path.parts[:2] in (("atpatch", "versions"), ("atpatch", "active.json"))
