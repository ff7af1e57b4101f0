"""What this machine is: processor, memory, cores, accelerator, and how busy it is. Torch-free."""

import contextlib
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mellum_ls.runtime.threads import available_cores

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")


def describe_machine(accelerator: str | None, cpuinfo: Path = CPUINFO) -> dict[str, Any]:
    """JSON types only. `accelerator` is the name of what computed in the processor's stead.

    `load_average` is that of the last minute, null where the system keeps none.
    """
    return {
        "cpu": cpu_name(cpuinfo),
        "cores": available_cores(),
        "accelerator": accelerator,
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": version("torch"),
    }


def cpu_name(cpuinfo: Path = CPUINFO) -> str:
    """The processor's name as Linux gives it, elsewhere what Python knows."""
    names = _values(cpuinfo, "model name")
    return next(filter(None, names), "") or platform.processor() or platform.machine()


def cpu_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """What Linux says that the processor can do (`avx2`, on Arm `asimd`); empty where the system does not say."""
    lists = _values(cpuinfo, "flags") or _values(cpuinfo, "Features")
    return frozenset(lists[0].split()) if lists else frozenset()


def memory_bytes(meminfo: Path = MEMINFO) -> tuple[int | None, int | None]:
    """Main memory in bytes, all of it and what programs can still get; None for what the system does not say."""
    # In units of 1024 bytes, whatever the "kB" behind them means elsewhere (proc_meminfo(5)).
    total, available = (
        next((int(value.split()[0]) * 1024 for value in _values(meminfo, key) if value[:1].isdigit()), None)
        for key in ("MemTotal", "MemAvailable")
    )
    if total is None:
        with contextlib.suppress(AttributeError, OSError, ValueError):  # Windows has no sysconf
            total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return total, available


def _values(file: Path, key: str) -> list[str]:
    """What stands behind `key:` in a file of such lines, each time; empty when it cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [value.strip() for found, _, value in (line.partition(":") for line in lines) if found.strip() == key]
