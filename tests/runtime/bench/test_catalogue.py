from mellum_ls.runtime.bench.catalogue import MUCH_READ, NOT_MULTIPLYING, PROMPT, Entry, entries
from mellum_ls.runtime.bench.compiled import FORMATS

OF_A_STEP = {
    "embed", "qkv", "attend full", "attend window", "output", "route", "gate_up", "down", "norm", "head", "likeliest",
    "join", "mtp",
}  # fmt: skip
OF_A_PROMPT = {"flash full", "flash window", "gate_up", "down", "combine"}


def ops(found: list[Entry], format: str, rows: int) -> set[str]:
    return {entry.op for entry in found if (entry.format, entry.rows) == (format, rows)}


def test_every_use_of_every_kernel_is_there() -> None:
    found = entries(80, FORMATS, (1, 4))
    assert {entry.rows for entry in found} == {1, 4, PROMPT}
    for name in FORMATS:
        assert ops(found, name, 4) == OF_A_STEP
        assert ops(found, name, 1) == OF_A_STEP | {"sureness"}  # of a draft one row comes out
    assert ops(found, "float", PROMPT) == OF_A_PROMPT
    assert ops(found, "int8", PROMPT) == ops(found, "int4", PROMPT) == OF_A_PROMPT - {
        "flash full", "flash window",
    } | {"matmul"}  # fmt: skip


def test_of_every_kernel_it_is_known_what_matters() -> None:
    kernels = {entry.kernel for entry in entries(80, FORMATS, (1, 4))}
    assert set(MUCH_READ) <= kernels
    assert set(NOT_MULTIPLYING) <= kernels
    assert kernels - set(MUCH_READ) <= set(NOT_MULTIPLYING)  # these read little


def test_tensor_cores_are_wanted_where_there_are_rows_for_them() -> None:
    found = {(entry.op, entry.rows): entry.on_tensor_cores for entry in entries(80, ("int4",), (1, 4))}
    assert [found[op, 1] for op in ("qkv", "gate_up", "down", "head", "route", "attend full")] == [False] * 5 + [True]
    assert [found[op, 4] for op in ("qkv", "gate_up", "down", "head", "route", "attend full")] == [True] * 4 + [
        False,
        True,
    ]
    assert found["matmul", PROMPT]
    assert not found["combine", PROMPT]


def test_each_architecture_has_the_tiles_that_the_product_would_take() -> None:
    def tiles(target: int) -> dict[str, tuple[object, ...]]:
        launches = {entry.op: entry.launch for entry in entries(target, ("int8",), (1,)) if entry.rows == 1}
        return {
            op: (one.constants.get("OUTPUTS"), one.warps, one.constants.get("EARLY", False))
            for op, one in launches.items()
        }

    assert tiles(80) == tiles(86)
    assert tiles(90)["head"][0] == 1
    assert tiles(80)["head"][0] == 16 == tiles(120)["head"][0]
    assert [tiles(target)["qkv"][-1] for target in (80, 89, 90, 120)] == [False, False, True, True]
