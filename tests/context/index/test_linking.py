"""Who imports whom: from what is written to the files of the workspace."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mellum_ls.context.index.analysis import analyse
from mellum_ls.context.index.linking import Links
from mellum_ls.context.index.store import Store
from mellum_ls.context.index.tables import Tables

FILES = {
    "app/__init__.py": "",
    "app/cart.py": "from app.shop import price\nfrom . import shop\nimport os\nimport app.cart\n",
    "app/shop.py": "price = 1\n",
    "web/a.ts": 'import { b } from "@lib/b";\nimport c from "./c";\n',
    "web/lib/b.ts": "export const b = 1;\n",
    "web/c.ts": "export default 1;\n",
    "web/tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@lib/*": ["lib/*"]}}}',
}


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Tables]:
    store = Store.open(tmp_path / "x", "/r")
    tables = Tables(store.connection)
    with store.transaction():
        for path, text in FILES.items():
            tables.put(path, 1, 1, analyse(path, text))
        tables.finish()
    yield tables
    store.close()


def targets(links: Links, tables: Tables, path: str) -> list[str]:
    file = tables.file(path)
    assert file is not None
    return links.targets(path, file)


def test_each_file_once_in_the_order_of_the_imports_and_never_itself(tables: Tables) -> None:
    links = Links(tables, FILES, "r", FILES.get)
    assert targets(links, tables, "app/cart.py") == ["app/shop.py"]
    assert targets(links, tables, "web/a.ts") == ["web/lib/b.ts", "web/c.ts"]
    assert len(links) == len(FILES)


def test_files_that_come_and_go_count(tables: Tables) -> None:
    links = Links(tables, FILES, "r", FILES.get)
    links.removed("app/shop.py")
    links.removed("web/c.ts")
    assert "app/shop.py" not in targets(links, tables, "app/cart.py")
    assert targets(links, tables, "web/a.ts") == ["web/lib/b.ts"]
    links.added("web/c.tsx")
    assert targets(links, tables, "web/a.ts") == ["web/lib/b.ts", "web/c.tsx"]


def test_without_its_configuration_an_alias_leads_nowhere(tables: Tables) -> None:
    links = Links(tables, FILES, "r", lambda path: None)
    assert targets(links, tables, "web/a.ts") == ["web/c.ts"]
    assert links.is_configuration("web/tsconfig.json")
    assert not links.is_configuration("web/a.ts")
