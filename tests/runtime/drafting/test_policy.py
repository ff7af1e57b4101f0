"""Drafts are checked as far as they pay, guesses that fail are given up, and good ones are trusted more."""

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.policy import NO_PLAN, PROBE_EVERY, Adaptive, Always
from mellum_ls.runtime.drafting.source import ANY, Evidence

FLAT = Costs(((1, 1.0), (8, 1.1)), 0.05)
STEEP = Costs(((1, 1.0), (8, 8.0)), 0.5)
CPU = Costs(((1, 12.5), (2, 19.0), (4, 25.0), (8, 31.0), (16, 43.0), (48, 80.0)), 2.4)


def kinds(count: int, prior: float) -> list[Evidence]:
    return [Evidence("s", place, 0, prior) for place in range(count)]


def test_where_checking_is_free_even_doubtful_guesses_are_checked() -> None:
    assert Adaptive(FLAT).plan(kinds(7, 0.3)).depth >= 3
    assert Adaptive(FLAT).plan(kinds(7, 0.95)).depth == 7


def test_where_every_token_costs_a_pass_none_is() -> None:
    assert Adaptive(STEEP).plan(kinds(7, 0.95)) == NO_PLAN
    assert not Adaptive(STEEP).goes_on(kinds(1, 0.95), kinds(1, 0.95)[0])


def test_a_second_token_may_pay_where_the_first_alone_does_not() -> None:
    # The step from one token to two costs half a pass, those behind it little.
    policy = Adaptive(CPU)
    assert policy.plan(kinds(1, 0.5)).depth == 0
    assert policy.plan(kinds(15, 0.9)).depth > 7


@given(st.integers(0, 30), st.floats(0.05, 0.99), st.sampled_from([FLAT, STEEP, CPU]))
def test_the_plan_is_the_best_of_all_depths(count: int, prior: float, costs: Costs) -> None:
    policy, evidence = Adaptive(costs), kinds(count, prior)
    gains = [0.0]
    for depth in range(1, count + 1):
        saved = sum(prior**place for place in range(1, depth + 1)) * costs.of(1)
        gains.append(saved - (costs.of(1 + depth) - costs.of(1)))
    plan = policy.plan(evidence)
    assert abs(plan.gain - max(gains)) < 1e-6 * costs.of(1) or (plan == NO_PLAN and max(gains) <= 0.05 * costs.of(1))


def test_what_fails_is_given_up_and_what_holds_is_taken_up_again() -> None:
    policy, evidence = Adaptive(CPU), kinds(8, 0.8)
    assert policy.plan(evidence).depth > 0
    for _ in range(10):
        policy.saw(evidence[0], held=False)
    assert policy.plan(evidence).depth == 0
    for _ in range(60):
        policy.saw(evidence[0], held=True)
    assert policy.plan(evidence).depth > 0


def test_all_strengths_of_a_place_are_counted_together_too() -> None:
    policy = Adaptive(CPU)
    any_kind = Evidence("s", 0, ANY, 0.5)
    for strength in (1, 2, 3) * 20:
        policy.saw(Evidence("s", 0, strength, 0.5), held=True)
    assert policy.probability(any_kind) > 0.9
    assert policy.probability(Evidence("s", 1, ANY, 0.5)) == 0.5


def test_a_rival_that_gains_more_keeps_the_layer_from_drafting() -> None:
    policy = Adaptive(CPU)
    policy.drafted(4, 20.0)
    assert policy.begins(0.0)
    assert not policy.begins(1000.0)


def test_before_anything_is_known_the_layer_drafts_where_drafts_that_mostly_hold_would_pay() -> None:
    assert Adaptive(Costs(((1, 4.0), (2, 5.0)), 1.0)).begins(0.0)
    assert not Adaptive(Costs(((1, 4.0), (2, 5.0)), 3.0)).begins(0.0), "a draft costs what it saves"
    assert not Adaptive(Costs(((1, 4.0), (2, 7.5)), 0.5)).begins(0.0), "a pass of two costs what two of one do"


def test_a_layer_that_gains_nothing_is_asked_seldom_until_it_does() -> None:
    policy = Adaptive(CPU)
    for _ in range(100):
        policy.drafted(1, 0.0)
    assert sum(policy.begins(0.0) for _ in range(10 * PROBE_EVERY)) == 10
    for _ in range(100):
        policy.drafted(4, 20.0)
    assert policy.begins(0.0)


def test_a_chain_goes_on_while_it_is_sure() -> None:
    policy = Adaptive(CPU)
    assert policy.goes_on(kinds(2, 0.95), kinds(1, 0.95)[0])
    assert not policy.goes_on(kinds(1, 0.2), kinds(1, 0.8)[0])


def test_cheap_tokens_make_doubtful_drafts_pay_less() -> None:
    policy, doubtful = Adaptive(CPU), kinds(16, 0.7)
    before = policy.plan(doubtful).gain
    for _ in range(50):
        policy.passed(15, 16)
    assert policy.plan(doubtful).gain < before


def test_always_checks_up_to_its_depth() -> None:
    assert Always(3).plan(kinds(9, 0.1)).depth == 3
    assert Always(3).plan(()) == NO_PLAN
    assert Always(3).goes_on(kinds(2, 0.1), kinds(1, 0.1)[0])
    assert not Always(3).goes_on(kinds(3, 0.1), kinds(1, 0.1)[0])
