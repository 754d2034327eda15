"""Long work as processes of their own: each outlives whoever started it, and what became of it is kept on the disk.

contract.py   what a kind of job is, what is asked for, how far a job is
locks.py      locks that end with the process that holds them
stages.py     how much of work in stages is done
store.py      jobs on disk: start, find, watch, cancel
process.py    what the process of any job does

Rooms that have long work offer a `Kind` and a `Worker`; `atpatch_core/cli/run_job.py` lists where the workers are.
"""

from __future__ import annotations

from .contract import Job, Kind, Request, State, Status, Worker
from .process import Progress
from .store import JobStore

__all__ = ["Job", "JobStore", "Kind", "Progress", "Request", "State", "Status", "Worker"]
