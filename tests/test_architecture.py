"""The shape of the project, held: floors, cycles, sizes, names, packaging and the promises of the documents."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("context", "kernels", "lsp_server", "runtime")
# What each floor may import of the project.
MAY_IMPORT = {
    "kernels": {"kernels"},
    "context": {"context"},
    "runtime": {"runtime", "kernels"},
    "lsp_server": {
        "lsp_server",
        "context",
        # What is shown is the server's business; the evaluation of the embedded model counts by the same rule.
        "runtime.balance",
        "runtime.client",
        "runtime.errors",
        "runtime.environment",
        # What every benchmark tells in the same way; free of torch.
        "runtime.bench.machine",
        "runtime.bench.measure",
        "runtime.bench.report",
        # Which licences count as permissive is one rule, whoever fetches packages.
        "runtime.nano.licences",
        "runtime.threads",
    },
}
# Third-party packages that belong to one place only.
BELONGS_TO = {
    "pygls": ("lsp_server",),
    "lsprotocol": ("lsp_server",),
    "rich": ("lsp_server.demo", "runtime.checkpoints"),
    "huggingface_hub": ("runtime.checkpoints",),
    "httpx2": ("runtime.checkpoints",),
    "torch": ("kernels", "runtime"),
    "triton": ("kernels",),
    "safetensors": ("runtime",),
    "gguf": ("runtime.gguf_files",),
    "tokenizers": ("runtime",),
    "msgpack": ("runtime.client",),
    "jinja2": ("runtime.chat_template",),
    # Evaluating the embedded model asks a parser whether a suggestion broke the file.
    "tree_sitter": ("context", "runtime.nano"),
    "tree_sitter_python": ("context", "runtime.nano"),
    "sqlite3": ("context.index",),
}
TEST_TOOLS = {"pytest", "hypothesis", "transformers", "tests"}
DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc"}
MAX_FILE_LINES, MAX_MEDIAN_LINES, MAX_FUNCTION_LINES = 400, 200, 60


def sources() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    nodes = tree(path).body if top_level_only else ast.walk(tree(path))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(name: str) -> str | None:
    return name.removeprefix("mellum_ls.") if name.startswith("mellum_ls.") else None


def within(name: str, places: Iterator[str] | set[str] | tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(place + ".") for place in places)


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_follow_the_floors(path: Path) -> None:
    here = module_name(path)
    allowed = MAY_IMPORT[here.split(".", maxsplit=1)[0]]
    for name in imports(path):
        target = own(name)
        if target is not None:
            # `from mellum_ls.runtime import client` names the package on the way to what is meant.
            on_the_way = any(place.startswith(target + ".") for place in allowed)
            assert within(target, allowed) or on_the_way, f"{here} imports {target}"
        else:
            package = name.split(".", maxsplit=1)[0]
            assert package not in TEST_TOOLS, f"{here} imports the test tool {package}"
            if package in BELONGS_TO:
                assert within(here, BELONGS_TO[package]), f"{here} imports {package}"


def test_no_import_cycles() -> None:
    modules = {module_name(path): path for path in sources()}
    graph = {
        name: {
            target for raw in imports(path, top_level_only=True) if (target := own(raw)) in modules and target != name
        }
        for name, path in modules.items()
    }
    # A package's __init__ that re-exports its modules is not a cycle with them.
    state: dict[str, str] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert state.get(name) != "open", f"import cycle: {' -> '.join((*trail, name))}"
        if state.get(name) is None:
            state[name] = "open"
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            state[name] = "done"

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "_triton" not in path.parts:
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines"


def test_the_median_file_is_short() -> None:
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in sources())
    assert lengths[len(lengths) // 2] <= MAX_MEDIAN_LINES


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "the module has no docstring"
    assert path.stem not in DRAWERS


@pytest.mark.parametrize("path", [p for p in sources() if p.stem not in ("__init__", "__main__")], ids=module_name)
def test_every_module_has_a_test_of_its_name(path: Path) -> None:
    relative = path.relative_to(ROOT)
    assert (ROOT / "tests" / relative.parent / f"test_{path.stem}.py").is_file()


def test_the_environment_is_read_in_one_place() -> None:
    readers = {module_name(path) for path in sources() if re.search(r"os\.(environ|getenv)", path.read_text())}
    assert readers <= {"runtime.environment"}


def test_the_package_list_is_complete() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {f"mellum_ls.{module_name(path)}" for path in sources() if path.name == "__init__.py"}
    assert listed == found
    folders = {path.parent for path in sources()}
    assert all((folder / "__init__.py").is_file() for folder in folders)
    assert all((ROOT / floor / "py.typed").is_file() for floor in FLOORS)


def test_the_root_is_a_namespace() -> None:
    assert not (ROOT / "__init__.py").exists()
    assert not (ROOT / "conftest.py").exists()


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    assert all("#" in line for line in block.group(1).splitlines())


def test_the_language_server_never_imports_torch() -> None:
    code = (
        "import sys, mellum_ls.lsp_server.cli, mellum_ls.lsp_server.serve, mellum_ls.lsp_server.server, "
        "mellum_ls.lsp_server.answers.completer, mellum_ls.runtime.client.launch, mellum_ls.lsp_server.keystrokes.run\n"
        "heavy = ('torch', 'numpy', 'tokenizers', 'safetensors', 'transformers', 'huggingface_hub', 'httpx2')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def documents() -> list[str]:
    return ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]


@pytest.mark.parametrize("name", documents())
def test_paths_named_in_documents_exist(name: str) -> None:
    """Links, and anything in backticks that starts like a path of this repository, lead somewhere."""
    text = (ROOT / name).read_text(encoding="utf-8")
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()}
    quoted = re.findall(r"`([\w.\-]+/[\w./\-]*|[\w\-]+\.(?:py|md|toml|txt))`", text)
    wanted = {path for path in quoted if "/" not in path or path.split("/")[0] in tops}
    wanted |= {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    assert wanted, "the document names no path at all"
    missing = {path for path in wanted if not (ROOT / path).exists()}
    assert not missing


@pytest.mark.parametrize("name", documents())
def test_commands_named_in_documents_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    commands = set(
        re.findall(
            r"mellum-ls ((?:serve|demo|runtime|bench|models|context|doctor|settings)"
            r"(?: (?:start|stop|status|list|pull|inspect))?)",
            text,
        )
    )
    assert set(re.findall(r"`mellum-ls ([a-z]+)", text)) <= {command.split()[0] for command in commands}
    for command in sorted(commands):
        arguments = [sys.executable, "-P", "-m", "mellum_ls.lsp_server", *command.split(), "--help"]
        assert subprocess.run(arguments, capture_output=True, check=False).returncode == 0, command


@pytest.mark.parametrize("name", documents())
def test_modules_named_in_documents_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for module in set(re.findall(r"python -m mellum_ls\.([\w.]+)", text)):
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file() or (
            ROOT / module.replace(".", "/") / "__main__.py"
        ).is_file()
