"""Arguments and options that several commands have, said in the same words."""

from __future__ import annotations

from typing import Annotated

import typer

SubjectName = Annotated[str, typer.Argument(help="Model folder or hub id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
