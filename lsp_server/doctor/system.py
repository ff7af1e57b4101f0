"""The machine and the installation: versions, what the processor can do, memory, disk space."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from mellum_ls.lsp_server.doctor.checks import Check, size
from mellum_ls.runtime.bench.machine import CPUINFO, MEMINFO, cpu_flags, cpu_name, memory_bytes
from mellum_ls.runtime.threads import available_cores

# Flags of Linux that decide how fast matrices are multiplied, and what people call them.
FAST = {
    "amx_tile": "AMX",
    "amx_bf16": "AMX-BF16",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX512-BF16",
    "avx512_vnni": "AVX512-VNNI",
    "avx2": "AVX2",
    "asimd": "NEON",
    "bf16": "BF16",
    "sve": "SVE",
}
LEAST_MEMORY = 1.5e9
LEAST_DISK = 500e6


def checks(cache_dir: Path, *, cpuinfo: Path = CPUINFO, meminfo: Path = MEMINFO) -> list[Check]:
    """The group. `cache_dir` is where logs and indexes go; it need not exist."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return [
        Check("mellum-ls", "ok", f"{version('mellum-ls')} on {python} at {sys.executable}"),
        Check("system", "ok", platform.platform()),
        _processor(cpuinfo),
        _memory(meminfo),
        _disk(cache_dir),
    ]


def _processor(cpuinfo: Path) -> Check:
    flags = cpu_flags(cpuinfo)
    names = [name for flag, name in FAST.items() if flag in flags]
    says = f"{cpu_name(cpuinfo)}, cores for this process: {available_cores()}"
    if not flags:
        return Check("processor", "ok", f"{says}; the system does not say what it can do")
    says += f"; {', '.join(names) or 'no wide vectors'}"
    if not {"avx2", "asimd"} & flags:
        return Check("processor", "warning", says, "without AVX2 a model computes several times slower")
    return Check("processor", "ok", says)


def _memory(meminfo: Path) -> Check:
    total, available = memory_bytes(meminfo)
    if total is None:
        return Check("memory", "note", "the system does not say how much there is")
    if available is None:
        return Check("memory", "ok", f"{size(total)} in all")
    says = f"{size(available)} of {size(total)} available"
    if available < LEAST_MEMORY:
        return Check("memory", "warning", says, "close programs: a model process needs some of it")
    return Check("memory", "ok", says)


def _disk(cache_dir: Path) -> Check:
    place = next(folder for folder in (cache_dir, *cache_dir.parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    says = f"{size(free)} free for {cache_dir}"
    if free < LEAST_DISK:
        return Check("disk", "warning", says, "make room, or set MELLUM_CACHE_DIR to another disk")
    return Check("disk", "ok", says)
