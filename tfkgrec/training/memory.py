"""The most memory that this process has held at a time."""

import contextlib
import resource
import sys
from pathlib import Path

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Begin anew, where the system can (Linux); elsewhere the peak goes on to be that of the whole process."""
    with contextlib.suppress(OSError):
        _FORGET.write_text("5")


def peak_memory_mb() -> float:
    """Resident memory at its highest since `forget_peak`, in MB (1e6 bytes); no memory of a GPU."""
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
