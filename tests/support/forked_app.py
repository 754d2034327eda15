"""Dashboards that start in a moment: forked from a process that has imported Streamlit, PyTorch and Transformers.

Each is a process of its own, with its own environment, port and log, and can be killed like any other. What only a
process that was started afresh shows (its imports, `sitecustomize`) needs `serve_process` in `dashboard.py`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path


class ForkedApp:
    """A running dashboard, with what tests need of `subprocess.Popen`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    def poll(self) -> int | None:
        """Its exit code, or `None` while it runs."""
        return self._process.exitcode

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._process.kill()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; whether it came in time."""
        self._process.join(seconds)
        return self._process.exitcode is not None


def start_app(root: Path, port: int, settings: Mapping[str, str], log: Path) -> ForkedApp:
    """Start the dashboard in the checkout `root` on a port of this machine; its output is added to `log`.

    Args:
        root: the folder of `app.py`.
        port: a free port.
        settings: environment variables on top of those of this process.
        log: the file that gets what it writes.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.preloaded"])
    arguments = ["run", "app.py", "--server.port", str(port), "--server.address", "127.0.0.1"]
    environment = {**os.environ, **settings}
    process = context.Process(target=_run, args=(root, arguments, environment, log), daemon=True)
    process.start()
    return ForkedApp(process)


def _run(root: Path, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(root)
    sys.argv = ["streamlit", *arguments]
    from streamlit.web import cli

    cli.main(prog_name="streamlit")
