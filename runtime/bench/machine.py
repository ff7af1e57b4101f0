"""What the figures were measured on: processor, cores, accelerator, and how busy the machine was. Torch-free."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mellum_ls.runtime.threads import available_cores

CPUINFO = Path("/proc/cpuinfo")


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
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [value.strip() for key, _, value in (line.partition(":") for line in lines) if key.strip() == "model name"]
    return next(filter(None, names), "") or platform.processor() or platform.machine()
