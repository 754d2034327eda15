"""The packages that only some rooms need, and which extra of `pip install 'atpatch[EXTRA]'` brings them."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingExtraError

PACKAGES = {
    "labels": ("alembic", "krippendorff", "psycopg", "sqlalchemy"),
    "reports": ("captum", "matplotlib", "plotly"),
    "dashboard": ("pandas", "streamlit"),
}
"""The names by which Python imports what each extra brings."""


def need(extra: str, what: str) -> None:
    """Let `what` (which starts the sentence, in the plural) go on if the packages of `extra` are installed.

    Raises `MissingExtraError`.
    """
    missing = [name for name in PACKAGES[extra] if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"{what} need packages that are not installed ({', '.join(missing)}): run pip install 'atpatch[{extra}]'."
        )
