import json
import os
from importlib.metadata import version
from pathlib import Path

from mellum_ls.runtime.bench.machine import cpu_flags, cpu_name, describe_machine, memory_bytes
from mellum_ls.runtime.threads import available_cores


def test_the_machine_is_described_in_json_types(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast One @ 2.50GHz\nprocessor\t: 1\nmodel name\t: Other\n")
    found = describe_machine(None, cpuinfo)
    assert found["cpu"] == "Fast One @ 2.50GHz"
    assert found["cores"] == available_cores()
    assert found["accelerator"] is None
    assert found["torch"] == version("torch")
    assert describe_machine("Some GPU", cpuinfo)["accelerator"] == "Some GPU"
    assert json.loads(json.dumps(found)) == found


def test_without_a_name_from_the_system_python_gives_one(tmp_path: Path) -> None:
    empty = tmp_path / "cpuinfo"
    empty.write_text("processor\t: 0\n")
    assert cpu_name(empty)
    assert cpu_name(tmp_path / "nowhere") == cpu_name(empty)


def test_what_a_processor_can_do_is_read_on_both_architectures(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512f\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert cpu_flags(cpuinfo) == {"fpu", "avx2", "avx512f"}
    cpuinfo.write_text("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert cpu_flags(cpuinfo) == {"fp", "asimd", "bf16"}
    assert cpu_flags(tmp_path / "nowhere") == frozenset()


def test_memory_is_read_in_bytes(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       24683520 kB\nMemFree:  10 kB\nMemAvailable:   22803000 kB\n")
    assert memory_bytes(meminfo) == (24_683_520 * 1024, 22_803_000 * 1024)
    meminfo.write_text("MemTotal: many\nMemAvailable:\n")
    total, available = memory_bytes(meminfo)
    assert total == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert available is None
    assert memory_bytes(tmp_path / "nowhere") == (total, None)
