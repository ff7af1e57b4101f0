"""Two releases of a small made-up package, before and after a change that uses what other files define."""

from pathlib import Path

from mellum_ls.lsp_server.context_bench.listing import Pair

PAIR = Pair("pypi", "shop", "1.0", "1.1")

STOCK = '''"""What is there to sell."""


class Shelf:
    """Things by name."""

    capacity: int = 10

    def __init__(self) -> None:
        self.things: dict[str, int] = {}

    def take_down(self, name: str, amount: int = 1) -> int:
        """Take some of a thing."""
        left = self.things[name] - amount
        self.things[name] = left
        return left


def count_all(shelf: Shelf) -> int:
    return sum(shelf.things.values())
'''
TILL_BEFORE = '''"""Where people pay."""

from shop.stock import Shelf, count_all


class Till:
    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.money = 0

    def report(self) -> str:
        return f"{self.money}"
'''
TILL_AFTER = '''"""Where people pay."""

import os

from shop.stock import Shelf, count_all
from shop.tax import with_tax


class Till:
    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.money = 0

    def sell(self, name: str, price: int) -> None:
        self.shelf.take_down(name)
        self.money += with_tax(price)
        path = os.path.join("a", "b")
        self.things = [path, name]

    def report(self) -> str:
        left = count_all(self.shelf)
        return f"{self.money}, {left} left"


def open_till() -> Till:
    return Till(Shelf())
'''
TAX = """RATE = 20


def with_tax(price: int) -> int:
    return price + price * RATE // 100
"""
UNRELATED = "".join(f"\ndef step_{number}(value: int) -> int:\n    return value + {number}\n" for number in range(40))

OLD = {
    "shop/stock.py": STOCK,
    "shop/till.py": TILL_BEFORE,
    "shop/steps.py": UNRELATED,
    "shop/data.json": "{}",
}
NEW = {**OLD, "shop/till.py": TILL_AFTER, "shop/tax.py": TAX, "shop/steps.py": UNRELATED + "\n# the end of it\n"}


def write(folder: Path, files: dict[str, str]) -> Path:
    """The files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder
