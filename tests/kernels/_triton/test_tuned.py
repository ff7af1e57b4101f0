import re

from mellum_ls.kernels._triton.launch import next_power
from mellum_ls.kernels._triton.tuned import MEASURED

KEY = re.compile(r"(qkv|output|gate_up|down|head)/(float|int8|int4)/(one|few)|attend/\d+")


def test_every_entry_is_a_tile_that_triton_takes() -> None:
    for architecture, table in MEASURED.items():
        assert re.fullmatch(r"sm_\d{2,3}", architecture)
        for key, (outputs, width, warps, stages) in table.items():
            assert KEY.fullmatch(key), key
            assert all(number == next_power(number) for number in (outputs, width, warps)), key
            assert 1 <= stages <= 5
            if key.endswith("/few"):
                assert outputs >= 16, f"{key}: a tensor core takes sixteen"
