import shutil
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest

from mellum_ls.lsp_server.doctor.checks import Check
from mellum_ls.lsp_server.doctor.system import checks


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def by_name(found: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in found}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    cpuinfo, meminfo = tmp_path / "cpuinfo", tmp_path / "meminfo"
    cpuinfo.write_text("model name : Fast One\nflags : avx2 avx512f amx_tile amx_bf16 fpu\n")
    meminfo.write_text("MemTotal: 20000000 kB\nMemAvailable: 10000000 kB\n")
    return cpuinfo, meminfo


def test_a_machine_with_all_that_is_wanted(tmp_path: Path, files: tuple[Path, Path]) -> None:
    found = by_name(checks(tmp_path / "not" / "there" / "yet", cpuinfo=files[0], meminfo=files[1]))
    assert {check.state for check in found.values()} == {"ok"}
    assert version("mellum-ls") in found["mellum-ls"].says
    assert found["processor"].says.endswith("; AMX, AMX-BF16, AVX-512, AVX2")
    assert "Fast One" in found["processor"].says
    assert found["memory"].says == "10.2 GB of 20.5 GB available"
    assert not (tmp_path / "not").exists()


def test_what_a_machine_lacks_is_a_warning(
    tmp_path: Path, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files[0].write_text("model name : Slow One\nflags : fpu sse2\n")
    files[1].write_text("MemTotal: 20000000 kB\nMemAvailable: 1000000 kB\n")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(10, 9, 1))
    found = by_name(checks(tmp_path, cpuinfo=files[0], meminfo=files[1]))
    warned = {name: check for name, check in found.items() if check.state != "ok"}
    assert {name: check.state for name, check in warned.items()} == dict.fromkeys(
        ("processor", "memory", "disk"), "warning"
    )
    assert all(check.remedy for check in warned.values())
    assert "MELLUM_CACHE_DIR" in warned["disk"].remedy


def test_a_system_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = tmp_path / "nowhere"
    found = by_name(checks(tmp_path, cpuinfo=nowhere, meminfo=nowhere))
    assert found["processor"].state == found["memory"].state == "ok"
    assert "does not say" in found["processor"].says
    assert found["memory"].says.endswith("in all")
