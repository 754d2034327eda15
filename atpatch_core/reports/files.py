"""A report as files: the page alone, or a ZIP with the page, all values, and every figure as SVG and PNG."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from ..errors import InputError
from ..files.whole_files import write_whole
from .as_json import report_json
from .findings import Findings
from .page import report_page
from .paper import paper_figures

_KINDS = (".html", ".json", ".zip")


def html_file(found: Findings, layer: int, head: int) -> bytes:
    """The report as one HTML file, which needs no other.

    Args:
        found: what was found in an input.
        layer: number of the layer of a map to show.
        head: number of its head.
    """
    return report_page(found, paper_figures(found, layer, head), layer, head).encode("utf-8")


def json_file(found: Findings) -> bytes:
    """The report as JSON, with all values.

    Raises:
        InputError: the maps are too many for JSON.
    """
    return report_json(found).encode("utf-8")


def zip_file(found: Findings, layer: int, head: int) -> bytes:
    """A ZIP of `report.html`, `report.json` (unless it would be too large), `figures/NAME.svg` and `figures/NAME.png`.

    Args:
        found: what was found in an input.
        layer: number of the layer of a map to show.
        head: number of its head.
    """
    figures = paper_figures(found, layer, head)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.html", report_page(found, figures, layer, head))
        for figure in figures:
            archive.writestr(f"figures/{figure.name}.svg", figure.svg())
            archive.writestr(f"figures/{figure.name}.png", figure.png())
        try:
            archive.writestr("report.json", json_file(found))
        except InputError as error:
            archive.writestr("report.json.txt", str(error))
    return packed.getvalue()


def write_report(found: Findings, path: Path) -> None:
    """Write the report in the format that the name asks for.

    Args:
        found: what was found in an input.
        path: ends in .html, .json or .zip.

    Raises:
        InputError: it ends in something else, or can't be written.

    Example:
        >>> import tempfile
        >>> import atpatch_core as atpatch
        >>> from atpatch_core.reports.findings import findings
        >>> subject = atpatch.load("sample_models/adult-tabular-sex")
        >>> file = Path("assets/samples/record-untouched-1.json").read_bytes()
        >>> found = findings(subject, subject.read(file), "", "a person")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_report(found, Path(folder) / "report.json")
        ...     [file.name for file in Path(folder).iterdir()]
        ['report.json']
    """
    if path.suffix.lower() not in _KINDS:
        raise InputError(f"{path} is no kind of report: give it a name that ends in .html, .json or .zip.")
    columns = found.inspection.flags.columns
    layer, head = (columns[0].layer, columns[0].head) if columns else (0, 0)
    content = {
        ".html": lambda: html_file(found, layer, head),
        ".json": lambda: json_file(found),
        ".zip": lambda: zip_file(found, layer, head),
    }[path.suffix.lower()]()
    try:
        write_whole(path, content)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}): choose another place.") from error
