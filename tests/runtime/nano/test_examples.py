"""Training documents: deterministic, in the engine's layout, with context that is worth copying from."""

import random
from pathlib import Path

import pytest

from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.examples import ExampleMaker, Library, pack
from mellum_ls.runtime.nano.train_tokenizer import train
from mellum_ls.runtime.profile import FimTokens
from mellum_ls.runtime.tokenizer import Tokenizer

SHAPES = "def rectangle_area(width, height):\n    return width * height\n" + "".join(
    f"\n\ndef side_{i}(value):\n    return value + {i}\n" for i in range(20)
)
MAIN = "from package.shapes import rectangle_area\n\n\ndef main():\n" + "".join(
    f"    print(rectangle_area({i}, {i + 1}))\n" for i in range(40)
)
FILES = [
    SourceFile("package", "1", "package/main.py", MAIN),
    SourceFile("package", "1", "package/shapes.py", SHAPES),
]


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> ExampleMaker:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train(iter([SHAPES, MAIN] * 5), 420).save(str(path))
    tokens = FimTokens(prefix=8, middle=9, suffix=10, filename=7, reponame=20)
    return ExampleMaker(Library(FILES), Tokenizer.from_file(path), tokens, end=0)


def documents(maker: ExampleMaker, count: int) -> list[list[int]]:
    return [maker.document(random.Random(seed)) for seed in range(count)]


def test_documents_are_a_function_of_the_generator(maker: ExampleMaker) -> None:
    assert documents(maker, 40) == documents(maker, 40)
    assert pack(maker, 3, 500, "a") == pack(maker, 3, 500, "a") != pack(maker, 4, 500, "a")
    assert len(pack(maker, 3, 500, "a")) == 500


def test_both_orders_and_plain_text_occur_in_their_shares(maker: ExampleMaker) -> None:
    made = documents(maker, 600)
    holes = [ids for ids in made if 9 in ids]
    suffix_first = [ids for ids in holes if ids.index(10) < ids.index(8)]
    assert 0.62 < len(holes) / len(made) < 0.82
    assert 0.42 < len(suffix_first) / len(holes) < 0.58
    assert all(ids[-1] == 0 and ids.count(9) == ids.count(8) == ids.count(10) == 1 for ids in holes)


def test_prompt_and_middle_are_the_file_again(maker: ExampleMaker) -> None:
    decode = maker._tokenizer.inner.decode
    for ids in documents(maker, 200):
        if 9 not in ids or ids.index(10) > ids.index(8):
            continue
        suffix = decode(ids[ids.index(10) + 1 : ids.index(8)])
        prefix = decode(ids[ids.index(8) + 1 : ids.index(9)])
        middle = decode(ids[ids.index(9) + 1 : -1])
        assert middle
        assert prefix + middle + suffix in MAIN or prefix + middle + suffix in SHAPES


def test_a_call_often_sees_the_definition_it_needs(maker: ExampleMaker) -> None:
    texts = [maker._tokenizer.inner.decode(ids, skip_special_tokens=False) for ids in documents(maker, 300)]
    calls = [text for text in texts if "<filename>package/main.py" in text and "<fim_middle>" in text]
    informed = [
        text for text in calls if "def rectangle_area(width, height)" in text.split("<filename>package/main.py")[0]
    ]
    assert len(informed) > 0.25 * len(calls) > 5


def test_definitions_are_found_by_package_and_name() -> None:
    library = Library(FILES)
    assert library.definition("package", "rectangle_area") == (1, 0)
    assert library.definition("package", "missing") is None
    counts = [library.random_file(random.Random(seed)) for seed in range(400)]
    assert abs(counts.count(0) / 400 - len(MAIN) / (len(MAIN) + len(SHAPES))) < 0.1


def test_paths_do_not_matter_to_files_alone(tmp_path: Path, maker: ExampleMaker) -> None:
    lonely = ExampleMaker(Library(FILES[1:]), maker._tokenizer, maker._tokens, end=0)
    assert all(lonely.document(random.Random(seed)) for seed in range(50))
