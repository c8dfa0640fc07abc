"""Processes of this machine: which are children of another, and which still run."""

import os
import subprocess
from pathlib import Path


def children_of(parent: int) -> list[int]:
    """Process ids of the children of a process."""
    processes = Path("/proc")
    if processes.is_dir():  # Linux, where ps is not everywhere
        stats = [(int(entry.name), _stat_of(entry)) for entry in processes.iterdir() if entry.name.isdigit()]
        return [child for child, stat in stats if stat[1:2] == [str(parent)]]
    ps = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in ps.stdout.splitlines()]
    return [child for child, of_parent in pairs if of_parent == parent]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that nobody has waited for yet is listed, but runs no more.
    return _stat_of(Path(f"/proc/{pid}"))[:1] != ["Z"]


def _stat_of(process: Path) -> list[str]:
    """State, parent and so on of a process (proc(5)); empty when it has ended."""
    try:
        # The name before the last parenthesis may hold spaces.
        return (process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
