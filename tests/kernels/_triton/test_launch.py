from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.kernels._triton.launch import Launch, cdiv, next_power


@given(a=st.integers(0, 1000), b=st.integers(1, 50))
def test_division_rounds_up(a: int, b: int) -> None:
    assert (cdiv(a, b) - 1) * b < a <= cdiv(a, b) * b


@given(n=st.integers(1, 5000))
def test_the_next_power_of_two(n: int) -> None:
    power = next_power(n)
    assert power.bit_count() == 1
    assert power / 2 < n <= power


def test_a_launch_hands_the_kernel_what_it_names() -> None:
    seen = {}

    class Kernel:
        def __getitem__(self, grid: tuple[int, ...]):
            return lambda **given: seen.update(given, grid=grid)

    Launch("some", Kernel(), (3, 2), {"n": 5}, {"WIDTH": 8}, 4, 2, reads=0, writes=0).run()
    assert seen == {"grid": (3, 2), "n": 5, "WIDTH": 8, "num_warps": 4, "num_stages": 2}
