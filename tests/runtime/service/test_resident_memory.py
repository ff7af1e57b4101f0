from __future__ import annotations

from pathlib import Path

import pytest

from mellum_ls.runtime.service import resident_memory
from mellum_ls.runtime.service.resident_memory import resident_bytes


def test_it_grows_with_what_is_held() -> None:
    before = resident_bytes()
    assert before is not None
    held = bytearray(64 * 1024 * 1024)
    held[::4096] = b"x" * len(held[::4096])  # a page counts once it has been written
    after = resident_bytes()
    assert after is not None
    assert 60e6 < after - before < 90e6
    assert before > 5e6
    del held


def test_ps_says_the_same(tmp_path: Path) -> None:
    here, told = resident_bytes(), resident_bytes(tmp_path / "no statm")
    assert here is not None
    assert told is None or abs(told - here) < 20e6


def test_a_system_that_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_ps(*args: object, **kwargs: object) -> None:
        raise FileNotFoundError("ps")

    monkeypatch.setattr(resident_memory.subprocess, "run", no_ps)
    assert resident_bytes(tmp_path / "no statm") is None
