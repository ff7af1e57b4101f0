from mellum_ls.runtime.thoughts import Thoughts


def shown(thoughts: Thoughts, ids: list[int]) -> list[int]:
    return [number for number in ids if not thoughts.hide(number)]


def test_what_stands_between_the_tokens_is_hidden() -> None:
    assert shown(Thoughts(23, 24), [1, 23, 2, 3, 24, 4, 23, 5]) == [1, 4]


def test_a_thought_that_the_prompt_began_is_hidden() -> None:
    assert shown(Thoughts(23, 24, thinking=True), [1, 2, 24, 3]) == [3]


def test_a_tokenizer_without_thoughts_hides_nothing() -> None:
    assert shown(Thoughts(None, None), [1, 23, 2]) == [1, 23, 2]
