"""What a launch becomes on a GPU that is not there: registers, memory, width of loads, tensor-core instructions.

Compiles ahead of time, for which tensors on the device "meta" are enough, and reads the machine code. Needs neither GPU
nor driver: Triton brings the assembler and the disassembler along. Not possible where Triton interprets.
"""

import ast
import hashlib
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import triton
from torch import Tensor
from triton.backends import nvidia
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from mellum_ls.kernels._triton.launch import Argument, Constant, Launch

# Shared memory that a block may have, in KiB, by compute capability (CUDA C++ Programming Guide, technical
# specifications: one KiB less than a multiprocessor has is what a block may ask for).
SHARED_KIB: Mapping[int, int] = {80: 163, 86: 99, 89: 99, 90: 227, 120: 99}
TARGETS = tuple(SHARED_KIB)
MOST_REGISTERS = 255
_TYPES: Mapping[torch.dtype, str] = {
    torch.bfloat16: "*bf16", torch.float16: "*fp16", torch.float32: "*fp32", torch.int8: "*i8", torch.int32: "*i32",
    torch.int64: "*i64",
}  # fmt: skip
_DIVISIBLE = [["tt.divisibility", 16]]
_PLACE = re.compile(r'//## File "([^"]+)", line (\d+)')
_LOAD = re.compile(r"\b(?:LDG|LDGSTS)\.E([.\w]*)")
_NARROW = {"U8": 8, "S8": 8, "U16": 16, "S16": 16, "64": 64, "128": 128, "256": 256}


@dataclass(frozen=True, slots=True)
class Compiled:
    """What ptxas made of one launch for one compute capability.

    local, stack: bytes for each thread outside of its registers. spills: instructions that move registers there or
    back. shared: bytes for each block. loads: by the text of the pointer in the kernel's source, how many instructions
    load so many bits at once. tensor_core: HMMA, HGMMA and their like. seconds: for compiling.
    """

    name: str
    target: int
    registers: int
    stack: int
    local: int
    spills: int
    shared: int
    instructions: int
    tensor_core: int
    loads: Mapping[str, Mapping[int, int]]
    seconds: float

    def narrowest(self, pointer: str) -> int:
        """Bits of the narrowest load through a pointer whose text begins so; raises LookupError if there is none."""
        return min(self._widths(pointer))

    def widest(self, pointer: str) -> int:
        """Bits of the widest load through a pointer whose text begins so; raises LookupError if there is none."""
        return max(self._widths(pointer))

    def _widths(self, pointer: str) -> list[int]:
        widths = [bits for text, counts in self.loads.items() if text.startswith(pointer) for bits in counts]
        if not widths:
            raise LookupError(f"{self.name}: nothing is loaded through {pointer}, only through {', '.join(self.loads)}")
        return widths

    def faults(self) -> list[str]:
        """What makes it unfit for its target, in words; empty if nothing does."""
        limit = SHARED_KIB[self.target] * 1024
        found = {
            f"{self.spills} instructions spill registers": self.spills > 0,
            f"{self.local} bytes of local memory": self.local > 0,
            f"a stack of {self.stack} bytes": self.stack > 0,
            f"{self.registers} registers, of at most {MOST_REGISTERS}": self.registers > MOST_REGISTERS,
            f"{self.shared} bytes of shared memory, of at most {limit}": self.shared > limit,
        }
        return [f"{self.name} for sm_{self.target}: {fault}" for fault, is_so in found.items() if is_so]


def compiled(launch: Launch, target: int) -> Compiled:
    """Compile a launch for a compute capability (90 is 9.0) and read what came of it.

    Raises RuntimeError in a process in which Triton interprets.
    """
    _refuse_to_interpret()
    started = time.perf_counter()
    source = ASTSource(launch.kernel, *signature(launch))
    kernel = triton.compile(source, target=GPUTarget("cuda", target, 32), options=options(launch))
    seconds = time.perf_counter() - started
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        usage = _tool("cuobjdump", "--dump-resource-usage", file.name)
        code = _tool("nvdisasm", "-c", "-g", file.name)
    used = {name: int(re.findall(rf"\b{name}:(\d+)", usage)[-1]) for name in ("REG", "STACK", "LOCAL")}
    return Compiled(
        name=launch.name,
        target=target,
        registers=used["REG"],
        stack=used["STACK"],
        local=used["LOCAL"],
        spills=len(re.findall(r"\b(?:STL|LDL)\b", code)),
        shared=kernel.metadata.shared,
        instructions=len(re.findall(r"^\s+/\*[0-9a-f]{4,}\*/", code, re.MULTILINE)),
        tensor_core=len(re.findall(r"\b[HIQ]G?MMA\.", code)),
        loads=loads(code),
        seconds=seconds,
    )


def fingerprint(launch: Launch, target: int) -> str:
    """What `compiled` depends on, as one word: two launches of the same word become the same code.

    That is the kernel's source with all that it calls, what `signature` and `options` say, the target, Triton's version
    and how the code is read here. Raises RuntimeError in a process in which Triton interprets.
    """
    _refuse_to_interpret()
    types, constants, attributes = signature(launch)
    parts = [
        launch.kernel.cache_key,
        sorted(types.items()),
        sorted(constants.items()),
        sorted(attributes),
        sorted(options(launch).items()),
        target,
        triton.__version__,
        Path(__file__).read_text(encoding="utf-8"),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _refuse_to_interpret() -> None:
    if triton.knobs.runtime.interpret:
        raise RuntimeError("an interpreted kernel cannot be compiled: start a process without TRITON_INTERPRET")


def signature(launch: Launch) -> tuple[dict[str, str], dict[str, Constant], dict[tuple[int], object]]:
    """Types, constants and attributes of the kernel's parameters: what Triton finds out about arguments in a launch."""
    types: dict[str, str] = {}
    constants: dict[str, Constant] = dict(launch.constants)
    attributes: dict[tuple[int], object] = {}
    plain = _taken_as_they_are(launch.kernel)
    for place, name in enumerate(launch.kernel.arg_names):
        value = launch.arguments.get(name)
        if name in plain and isinstance(value, int):
            types[name] = _integer(value)
            continue
        types[name] = _type(value)  # a constant has no argument
        if isinstance(value, Tensor):
            attributes[(place,)] = _DIVISIBLE  # what torch allocates begins at a multiple of more than that
        elif types[name] == "constexpr":
            constants.setdefault(name, value)
        elif isinstance(value, int) and value % 16 == 0:
            attributes[(place,)] = _DIVISIBLE
    return types, constants, attributes


def options(launch: Launch) -> dict[str, int]:
    """The compiler's options of a launch."""
    return {"num_warps": launch.warps, "num_stages": launch.stages}


def _type(value: Argument) -> str:
    if isinstance(value, Tensor):
        return _TYPES[value.dtype]
    if isinstance(value, float):
        return "fp32"
    if value is None or value == 1:  # Triton makes a constant of a 1, too
        return "constexpr"
    return _integer(value)


def _integer(value: int) -> str:
    return "i32" if -(1 << 31) <= value < 1 << 31 else "i64"


def _taken_as_they_are(kernel: Any) -> Iterable[str]:
    """Parameters of which the compiler is told the type only, not that they are 1 or a multiple of 16."""
    interpreted = getattr(kernel, "kwargs", {})
    return getattr(kernel, "do_not_specialize", interpreted.get("do_not_specialize")) or ()


def loads(code: str) -> dict[str, dict[int, int]]:
    """Instructions that read global memory, by the pointer's text and by bits, from a listing with its lines."""
    found: dict[str, Counter[int]] = {}
    pointer = ""
    for line in code.splitlines():
        place = _PLACE.search(line)
        if place is not None:
            pointer = _pointers(place[1]).get(int(place[2]), "")
            continue
        load = _LOAD.search(line)
        if load is not None:
            bits = next((_NARROW[part] for part in load[1].split(".") if part in _NARROW), 32)
            found.setdefault(pointer, Counter())[bits] += 1
    return {pointer: dict(counts) for pointer, counts in found.items()}


@cache
def _pointers(path: str) -> Mapping[int, str]:
    """By line of a source file, the text of the first argument of the `tl.load` that stands there."""
    text = Path(path).read_text(encoding="utf-8")
    return {
        line: ast.unparse(call.args[0])
        for call in _calls(ast.parse(text))
        if ast.unparse(call.func) == "tl.load"
        for line in range(call.lineno, (call.end_lineno or call.lineno) + 1)
    }


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _tool(name: str, *arguments: str) -> str:
    """The output of one of the binary tools that are in Triton's package."""
    path = Path(nvidia.__file__).parent / "bin" / name
    return subprocess.run([path, *arguments], capture_output=True, text=True, check=True).stdout
