"""Whether the kernels of the released model are fit for GPUs that are not there: compiled ahead of time, and judged.

Kernels are compiled in child processes, since Triton may be interpreting in this one. What came of a kernel is kept in
a folder, so that only what has changed is compiled again. Which kernels there are is the catalogue's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mellum_ls.kernels._triton import inspect
from mellum_ls.kernels._triton.inspect import Compiled
from mellum_ls.runtime.bench.catalogue import MUCH_READ, PROMPT, Entry, entries
from mellum_ls.runtime.environment import variables_with
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.formats import FormatName

FORMATS: tuple[FormatName, ...] = ("float", "int8", "int4")
ROWS = (1, 4, 16)
PROCESSES = 2
MODULE = "mellum_ls.runtime.bench.compiled"
WIDE = 128  # bits
# Why reads of what there is much of may be half as wide, by kernel, format and architecture.
_FROM_REGISTERS = (
    "sm_90 multiplies many rows with a left operand from registers, where a thread holds eight codes of a row together"
)
HALF_AS_WIDE: Mapping[tuple[str, str, int], str] = {
    (kernel, "int8", 90): _FROM_REGISTERS for kernel in ("grouped._down", "grouped._gate_up", "matmul._matmul")
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which kernels: of which architectures, of steps with how many rows, and with which formats of weights."""

    targets: Sequence[int] = inspect.TARGETS
    rows: Sequence[int] = ROWS
    formats: Sequence[FormatName] = FORMATS


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one kernel for one architecture.

    formats, rows: all that share it; PROMPT stands for a prompt. registers: for each thread. shared: bytes for each
    block. read_bits: the narrowest read of what there is much of. reason: why that is no wider, where it may be so.
    tensor_core: how many such instructions.
    """

    op: str
    formats: tuple[str, ...]
    rows: tuple[int, ...]
    target: int
    registers: int
    spills: int
    local: int
    shared: int
    read_bits: int | None
    tensor_core: int
    seconds: float
    reason: str
    faults: tuple[str, ...]


def examine(plan: Plan, folder: Path, processes: int = PROCESSES) -> list[Verdict]:
    """Compile what the plan names, or find it in the folder, which is made; and judge it.

    Raises BenchmarkError where a child process fails, with what it says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        # Triton's own cache would keep all code for good, and make a figure of seconds meaningless.
        variables = variables_with({"TRITON_CACHE_DIR": scratch}, without=("TRITON_INTERPRET",))
        answers = [Path(scratch, f"{part}.json") for part in range(processes)]
        commands = [_command(plan, folder, part, processes, answer) for part, answer in enumerate(answers)]
        children = [
            stack.enter_context(subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True))
            for command in commands
        ]
        try:
            for child in children:
                _, said = child.communicate()
                if child.returncode:
                    raise BenchmarkError(f"kernels cannot be compiled: {said.strip()[-2000:]}")
        finally:
            for child in children:
                child.kill()
        parts = [[_verdict(each) for each in json.loads(answer.read_text(encoding="utf-8"))] for answer in answers]
    # Dealt out in turn, and put together again in the catalogue's order.
    found: list[Verdict] = []
    for place in range(max(map(len, parts), default=0)):
        found += [part[place] for part in parts if place < len(part)]
    return found


def judge(entry: Entry, target: int, seen: Compiled) -> Verdict:
    """The verdict on an entry, by itself."""
    name = f"{entry.op} of {entry.format} with {entry.rows} rows for sm_{target}"
    bits, reason, faults = None, "", [f"{name}: {fault}" for fault in seen.faults()]
    pointers = MUCH_READ.get(entry.kernel, ())
    if pointers:
        bits = min(seen.narrowest(pointer) for pointer in pointers)
        reason = HALF_AS_WIDE.get((entry.kernel, entry.format, target), "") if bits < WIDE else ""
        least = WIDE // 2 if reason else WIDE
        if bits < least:
            faults.append(f"{name}: reads {bits} bits at a time, wanted {least}")
    if entry.on_tensor_cores and not seen.tensor_core:
        faults.append(f"{name}: multiplies without tensor cores")
    return Verdict(
        entry.op, (entry.format,), (entry.rows,), target, seen.registers, seen.spills, seen.local, seen.shared, bits,
        seen.tensor_core, seen.seconds, reason, tuple(faults),
    )  # fmt: skip


def table(verdicts: Sequence[Verdict]) -> str:
    """Lines for a terminal."""
    lines = ["op             format             rows  target  registers  spills  shared KB  read bits  tensor core"]
    for each in verdicts:
        rows = "/".join("prompt" if count == PROMPT else str(count) for count in each.rows)
        lines.append(
            f"{each.op:<13}  {'/'.join(each.formats):<15}  {rows:>6}  {each.target:>6}  {each.registers:>9}  "
            f"{each.spills:>6}  {each.shared / 1024:>9.1f}  {each.read_bits or '-':>9}  {each.tensor_core:>11}"
        )
    faults = [fault for each in verdicts for fault in each.faults]
    seconds = sum(each.seconds for each in verdicts)
    lines.append(f"{len(verdicts)} kernels, {seconds:.0f} s to compile one after the other, {len(faults)} faults")
    reasons = [f"{each.read_bits} bits: {each.reason}" for each in verdicts if each.reason]
    return "\n".join([*lines, *dict.fromkeys(reasons), *faults])


def _command(plan: Plan, folder: Path, part: int, parts: int, answer: Path) -> list[str]:
    given = {
        "targets": ",".join(map(str, plan.targets)),
        "rows": ",".join(map(str, plan.rows)),
        "formats": ",".join(plan.formats),
        "part": f"{part}/{parts}",
        "folder": str(folder),
        "json": str(answer),
    }
    return [sys.executable, "-P", "-m", MODULE, *(f"--{name}={value}" for name, value in given.items())]


def _verdict(fields: dict[str, Any]) -> Verdict:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    return Verdict(**values)


def _part(plan: Plan, part: int, parts: int, folder: Path) -> list[Verdict]:
    """One share of the plan's kernels; those that are the same code are one."""
    found = []
    for target in plan.targets:
        same: dict[str, list[Entry]] = {}
        for entry in entries(target, plan.formats, plan.rows):
            same.setdefault(inspect.fingerprint(entry.launch, target), []).append(entry)
        found += [(target, name, alike) for name, alike in same.items()]
    return [_judged(target, alike, folder / f"{name}.json") for target, name, alike in found[part::parts]]


def _judged(target: int, alike: Sequence[Entry], kept: Path) -> Verdict:
    first = alike[0]
    verdict = judge(first, target, _compiled(first, target, kept))
    formats = tuple(dict.fromkeys(entry.format for entry in alike))
    return replace(verdict, formats=formats, rows=tuple(dict.fromkeys(entry.rows for entry in alike)))


def _compiled(entry: Entry, target: int, kept: Path) -> Compiled:
    try:
        fields = json.loads(kept.read_text(encoding="utf-8"))
    except FileNotFoundError:
        seen = inspect.compiled(entry.launch, target)
        # Whoever reads it beside this process finds all of it or nothing.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=kept.parent, delete=False) as file:
            json.dump(asdict(seen), file)
        Path(file.name).replace(kept)
        return seen
    loads = {text: {int(bits): count for bits, count in counts.items()} for text, counts in fields["loads"].items()}
    return Compiled(**{**fields, "loads": loads})


def main(argv: Sequence[str] | None = None) -> int:
    """The child process: its share of a plan, as JSON."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("targets", "rows", "formats", "part", "folder", "json"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args(argv)
    plan = Plan(_numbers(given.targets), _numbers(given.rows), given.formats.split(","))
    part, parts = given.part.split("/")
    found = _part(plan, int(part), int(parts), Path(given.folder))
    Path(given.json).write_text(json.dumps([asdict(each) for each in found]), encoding="utf-8")
    return 0


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
