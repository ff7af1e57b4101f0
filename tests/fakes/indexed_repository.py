"""A repository held in a dictionary: its index made by the real parsers, its texts as given, for tests of selection."""

from __future__ import annotations

from collections.abc import Mapping

from mellum_ls.context.index.rows import Definition
from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.names import uses
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.selection.engine import ContextEngine
from mellum_ls.context.workspace.counterparts import counterparts
from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.context.workspace.resolve.imports import resolve
from tests.fakes.memory_index import MemoryIndex


class Repository:
    """Files by path. What is in `refused` is refused from then on; `files` may be changed and `index` made anew."""

    def __init__(self, files: Mapping[str, str], changes: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self.files = dict(files)
        self.changes = dict(changes or {})
        self.refused: dict[str, str] = {}
        self.noise: dict[str, str] = {}
        self.reads: list[str] = []
        self.names = FileNames(self.files)
        self.index = self.indexed()

    def indexed(self) -> MemoryIndex:
        """The index of the files as they are now."""
        symbols: list[Definition] = []
        found: dict[str, list[str]] = {}
        used: dict[str, set[str]] = {}
        for path, text in self.files.items():
            grammar = grammar_of(path)
            data = text.encode()
            tree = None if grammar is None else parse(data, grammar)
            if grammar is None or tree is None:
                continue
            symbols += [
                Definition(path, s.name, s.kind, s.start_line, s.end_line, s.signature, s.doc, s.container)
                for s in outline(data, tree, grammar)
            ]
            statements = imports(data, tree, grammar)
            found[path] = list(
                dict.fromkeys(file for one in statements for file in resolve(one, path, grammar.name, self.names))
            )
            used[path] = {use.name for use in uses(data, tree, grammar)}
        return MemoryIndex(self.files, symbols, found, used, self.changes)

    def refuses(self, path: str) -> str | None:
        return self.refused.get(path) or self.noise.get(path)

    def private(self, path: str) -> str | None:
        return self.refused.get(path)

    def read(self, path: str) -> str | None:
        self.reads.append(path)
        text = self.files.get(path)
        return None if text is None else self.redacted(text)

    def redacted(self, text: str) -> str:
        return text.replace("hunter2", "<redacted>")

    def resolve(self, statement: Import, path: str, grammar: str) -> tuple[str, ...]:
        return resolve(statement, path, grammar, self.names)

    def counterparts(self, path: str) -> tuple[str, ...]:
        return counterparts(path, self.names)

    def engine(self, chars: int = 20_000) -> ContextEngine:
        """An engine over this repository."""
        return ContextEngine(
            self.index, self, chars, resolve=self.resolve, counterparts=self.counterparts, clock=lambda: 0.0
        )


SHOP = {
    "shop/__init__.py": "from shop.cart import Cart\n",
    "shop/money.py": '''"""Money."""

RATE = 7


class Money:
    """An amount."""

    cents: int

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def plus(self, other: "Money") -> "Money":
        return Money(self.cents + other.cents)

    def _check(self) -> None:
        assert self.cents >= 0


def parse_money(text: str) -> Money:
    whole, _, rest = text.partition(".")
    return Money(int(whole) * 100 + int(rest or 0))
''',
    "shop/base.py": """class Basket:
    def __init__(self) -> None:
        self.items = []

    def _touch(self) -> None:
        self.changed = True

    def count_items(self) -> int:
        return len(self.items)
""",
    "shop/cart.py": '''from shop.base import Basket
from shop.money import Money, parse_money


class Cart(Basket):
    """What somebody is about to buy."""

    def add_item(self, name: str, price: str) -> None:
        self._touch()
        self.items.append((name, parse_money(price)))

    def total(self) -> Money:
        sum_so_far = Money(0)
        for _, price in self.items:
            sum_so_far = sum_so_far.plus(price)
        return sum_so_far
''',
    "shop/report.py": """from shop.cart import Cart


def print_report(cart: Cart) -> str:
    lines = [f"{name}: {price.cents}" for name, price in cart.items]
    return "\\n".join(lines)
""",
    "shop/unrelated.py": """def frobnicate(widget: int) -> int:
    return widget * 3
""",
    "tests/test_cart.py": """from shop.cart import Cart


def test_total() -> None:
    cart = Cart()
    cart.add_item("tea", "3.20")
    assert cart.total().cents == 320
""",
    "notes.txt": "The cart adds its items and their total.\n",
}
