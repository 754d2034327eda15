"""Run the commands with `python -m sample_models`."""

from __future__ import annotations

from .commands import main

if __name__ == "__main__":
    main()
