"""Run the command line with `python -m atpatch_core`."""

from __future__ import annotations

from .cli.main import main

if __name__ == "__main__":
    main()
