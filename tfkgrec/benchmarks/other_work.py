"""What else the machine does while something is measured: the CPU time of other processes, and what a host takes."""

import os
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
QUIET = 0.05
"""Share of the machine's CPU time from which others are worth a warning."""


@dataclass(frozen=True)
class Moment:
    """Seconds of CPU time since the machine began, all cores together; None of a system that does not tell (no Linux).

    Attributes:
        whole: of which there have been so many, idle or not.
        busy: what processes have taken, this one with what it has started too.
        stolen: what the host of a virtual machine gave to others.
        own: what this process and its finished children have taken.
    """

    whole: float
    busy: float
    stolen: float
    own: float

    @classmethod
    def now(cls, stat: Path = _STAT) -> "Moment | None":
        if not stat.exists():
            return None
        ticks = [int(number) for number in stat.read_text().split("\n", 1)[0].split()[1:9]]
        user, nice, system, idle, waiting, interrupts, soft, stolen = (n / os.sysconf("SC_CLK_TCK") for n in ticks)
        busy = user + nice + system + interrupts + soft
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return cls(busy + idle + waiting + stolen, busy, stolen, own)


@dataclass(frozen=True)
class OtherWork:
    """Shares of the machine's CPU time between two moments, 0 to 1."""

    others: float
    stolen: float

    @classmethod
    def between(cls, before: Moment | None, after: Moment | None) -> "OtherWork":
        """Nothing, where the system does not tell."""
        if before is None or after is None or after.whole <= before.whole:
            return cls(0.0, 0.0)
        whole = after.whole - before.whole
        others = (after.busy - before.busy) - (after.own - before.own)
        return cls(round(min(1.0, max(0.0, others / whole)), 3), round((after.stolen - before.stolen) / whole, 3))

    @property
    def warning(self) -> str | None:
        """A line, where a figure measured then is not worth much."""
        if max(self.others, self.stolen) <= QUIET:
            return None
        taken = f"other processes took {self.others:.0%} of the CPU time"
        stolen = f", the machine's host {self.stolen:.0%}" if self.stolen > QUIET else ""
        return f"warning: {taken}{stolen} while this was measured: ratios within this run may hold, figures do not"
