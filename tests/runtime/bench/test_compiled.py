"""The gate: no kernel that is unfit for an architecture. The same by hand: `mellum-ls bench kernels --compiled`."""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from mellum_ls.kernels._triton.inspect import Compiled
from mellum_ls.runtime.bench import compiled, kernels_command
from mellum_ls.runtime.bench.catalogue import PROMPT, Entry, entries
from mellum_ls.runtime.bench.compiled import HALF_AS_WIDE, Plan, Verdict, examine, judge, table
from mellum_ls.runtime.errors import BenchmarkError

PLAN = Plan()  # all of them: every operation, format and number of rows on every architecture
KEPT = Path(__file__).parents[3] / "build" / "compiled"


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return examine(PLAN, KEPT)


@pytest.mark.timeout(900)
def test_every_kernel_is_fit_for_its_architecture(verdicts: list[Verdict]) -> None:
    assert [fault for verdict in verdicts for fault in verdict.faults] == []
    named = {
        (target, entry.op, entry.format, entry.rows)
        for target in PLAN.targets
        for entry in entries(target, PLAN.formats, PLAN.rows)
    }
    seen = {(each.target, each.op, format, rows) for each in verdicts for format in each.formats for rows in each.rows}
    assert named <= seen


@pytest.mark.timeout(900)
def test_what_is_kept_is_not_compiled_again(verdicts: list[Verdict]) -> None:
    kept = {path: path.stat().st_mtime_ns for path in KEPT.iterdir()}
    again = examine(PLAN, KEPT, processes=1)
    assert again == verdicts  # in the same order, and with the seconds that it took then
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.timeout(900)
def test_a_table_has_a_line_for_each(verdicts: list[Verdict]) -> None:
    reasons = {each.reason for each in verdicts} - {""}
    lines = table(verdicts).splitlines()
    assert len(lines) == 1 + len(verdicts) + 1 + len(reasons)
    assert lines[1 + len(verdicts)].endswith(" 0 faults")
    assert lines[-1].endswith(reasons.pop())
    faulty = dataclasses.replace(verdicts[0], faults=("some fault",))
    assert table([faulty]).splitlines()[-2].endswith(" 1 faults")
    assert table([faulty]).endswith("some fault")


def test_why_nothing_could_be_compiled_is_said(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="nonsense"):
        examine(Plan((80,), (1,), ("nonsense",)), tmp_path)  # type: ignore[arg-type]


def entry_of(op: str, rows: int, format: str = "int8") -> Entry:
    return next(
        entry
        for entry in entries(80, (format,), (1, 4))
        if (entry.op, entry.rows) == (op, rows)  # type: ignore[arg-type]
    )


FIT = Compiled("some", 80, 128, 0, 0, 0, 1024, 900, 8, {"rows[:, None]": {128: 2}, "scale_ptr": {32: 1}}, 1.0)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"spills": 2}, ["2 instructions spill registers"]),
        ({"local": 8}, ["8 bytes of local memory"]),
        ({"shared": 164 << 10}, [f"{164 << 10} bytes of shared memory, of at most {163 << 10}"]),
        ({"tensor_core": 0}, ["multiplies without tensor cores"]),
        ({"loads": {"rows[:, None]": {128: 9, 32: 1}}}, ["reads 32 bits at a time, wanted 128"]),
    ],
)
def test_each_fault_is_found(change: dict[str, object], wanted: list[str]) -> None:
    verdict = judge(entry_of("qkv", 4), 80, dataclasses.replace(FIT, **change))  # type: ignore[arg-type]
    assert len(verdict.faults) == len(wanted)
    for fault, text in zip(verdict.faults, wanted, strict=True):
        assert fault.startswith("qkv of int8 with 4 rows for sm_80: ")
        assert fault.endswith(text)


def test_half_as_wide_is_wide_enough_only_where_a_reason_is_known() -> None:
    entry = entry_of("matmul", PROMPT)
    for target, bits, faults in ((80, 64, 1), (90, 64, 0), (90, 32, 1), (90, 128, 0)):
        seen = dataclasses.replace(FIT, loads={"weight_ptr + outputs": {bits: 2}})
        verdict = judge(entry, target, seen)
        assert len(verdict.faults) == faults
        assert bool(verdict.reason) == (target == 90 and bits < 128)


@pytest.mark.timeout(900)
def test_every_reason_is_still_needed(verdicts: list[Verdict]) -> None:
    wanted = {
        (entry.op, entry.rows) for entry in entries(90, ("int8",), ()) if (entry.kernel, "int8", 90) in HALF_AS_WIDE
    }
    assert {(each.op, *each.rows) for each in verdicts if each.reason} == wanted


def test_one_row_needs_no_tensor_cores_and_a_prompt_does() -> None:
    without = dataclasses.replace(FIT, tensor_core=0, loads={"rows[:, None]": {128: 2}, "weight_ptr": {128: 2}})
    assert judge(entry_of("qkv", 1), 80, without).faults == ()
    assert judge(entry_of("matmul", PROMPT), 80, without).faults != ()


def test_a_kernel_whose_weights_cannot_be_found_in_its_code_is_no_success() -> None:
    with pytest.raises(LookupError, match="nothing is loaded through rows"):
        judge(entry_of("qkv", 4), 80, dataclasses.replace(FIT, loads={"scale_ptr": {32: 1}}))


FOUND_FIT = Verdict("qkv", ("int8", "int4"), (4, 16), 90, 56, 0, 0, 50688, 128, 16, 1.5, "", ())
FOUND_UNFIT = Verdict("down", ("int8",), (1,), 80, 74, 3, 0, 32, 128, 0, 1.5, "", ("3 instructions spill registers",))


def given(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    kernels_command.add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Verdict]:
    """What compiling finds: to do it takes minutes, and is what the tests above are about."""
    monkeypatch.setenv("MELLUM_CACHE_DIR", str(tmp_path / "cache"))
    verdicts = [FOUND_FIT]

    def examine(plan: Plan, folder: Path) -> Sequence[Verdict]:
        assert (plan.targets, plan.rows) == ((80, 86, 89, 90, 120), (1, 4, 16))
        assert list(plan.formats) == ["int8", "int4"]
        assert folder == tmp_path / "cache" / "compiled"
        return verdicts

    monkeypatch.setattr(compiled, "examine", examine)
    return verdicts


def test_what_was_compiled_is_a_table_and_a_file(
    found: list[Verdict], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.json"
    kernels_command.run(given("--compiled", "--formats=int8,int4", f"--json={file}"))
    words = capsys.readouterr().out.splitlines()[1].split()
    assert words == ["qkv", "int8/int4", "4/16", "90", "56", "0", "49.5", "128", "16"]
    (entry,) = json.loads(file.read_text())["compiled"]
    assert (entry["op"], entry["registers"], entry["faults"]) == ("qkv", 56, [])


def test_a_fault_is_shown_and_is_a_failure(
    found: list[Verdict], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found.append(FOUND_UNFIT)
    file = tmp_path / "out.json"
    with pytest.raises(BenchmarkError, match="unfit"):
        kernels_command.run(given("--compiled", "--formats=int8,int4", f"--json={file}"))
    assert capsys.readouterr().out.splitlines()[-1] == "3 instructions spill registers"
    assert len(json.loads(file.read_text())["compiled"]) == 2
