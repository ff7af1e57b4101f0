from mellum_ls.runtime.encoding import PromptEncoders
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.tokenizer import Tokenizer

TOKENIZER = Tokenizer.from_file(model_directory(None) / "tokenizer.json")


def test_places_have_encoders_of_their_own_and_are_few() -> None:
    encoders = PromptEncoders(TOKENIZER, most_places=2)
    first = encoders.of("a")
    assert encoders.of("a") is first
    assert first.other == encoders.of("b").other
    assert first.prefix != encoders.of("b").prefix
    encoders.of("a")
    encoders.of("c")
    assert encoders.of("a") is first
    encoders.clear()
    assert encoders.of("a") is not first
    for encode in (first.prefix, first.suffix, first.appended, first.other):
        assert encode("x + 1") == TOKENIZER.encode("x + 1")
