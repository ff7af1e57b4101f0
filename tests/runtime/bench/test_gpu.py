from mellum_ls.runtime.bench.gpu import markdown

FIGURES = {"us": 12.5, "us_q1": 12.0, "us_q3": 13.0, "gb_s": 1500.0, "share": 0.36}
RATE = {"tok_s": 560.0, "tok_s_q1": 559.0, "tok_s_q3": 561.0}


def step(rows: int) -> dict[str, object]:
    return {
        "rows": rows, "context": 2048, "launches_per_layer": 6.0, "workspace_mb": 1.2,
        "ops": {"qkv": FIGURES, "attend": FIGURES}, "step": FIGURES, "head": FIGURES, "tokens_per_second": 600.0,
    }  # fmt: skip


def test_the_page_has_every_figure_with_its_circumstances() -> None:
    part = {
        "parity": {"error": {"plain": 0.029, "fused": 0.031}, "passed": True},
        "memory_gb": 7.4,
        "steps": [step(1), step(4), step(16)],
        "decode": [{"context": 512, **RATE}, {"context": 32768, **RATE}],
        "keystroke": [{"context": c, "first_ms": 3.1, "total_ms": 44.2} for c in (512, 32768)],
        "prefill": [{"context": 512, "tok_s": 13900.0}],
    }
    plain = {"eager": {"qkv": 20.0}, "compiled": "no compiler"}
    found = {"copy_gb_s": 4200.0, "formats": {"int4": part}, "plain": plain}
    page = markdown(found, "Some GPU, torch 2")
    assert page.startswith("# Some GPU, torch 2\n")
    assert "moves 4200 GB/s" in page
    assert "| 512 | 560 (559..561) | 3.1 | 44.2 | 13900.0 |" in page
    assert "| 32768 | 560 (559..561) | 3.1 | 44.2 | - |" in page
    assert "| attend | 12.5 | 1500 | 0.36 | 12.5 | 0.36 |" in page
    assert "eager, float, 1 row, us a layer: qkv 20" in page
    assert "compiled, float, 1 row, us a layer: no compiler" in page
    part["parity"]["passed"] = False
    assert "FAILED" in markdown(found, "x")
