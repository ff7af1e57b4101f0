import json

import pytest

from tests.fakes.repository import Repository

PLAIN = Repository(
    """src/a.ts src/a.test.ts src/b.tsx src/c/index.ts src/d.js src/d.d.ts src/e.mjs src/f.ts src/f.js src/g.vue
    src/data.json src/h/package.json src/i.mts lib/x.js lib/x.d.ts lib/y.d.ts lib/y.js index.js z.cts src/deep/k.ts""",
    {"src/h/package.json": '{"main": "./inside/start"}', "src/h/inside/start.js": ""},
)


@pytest.mark.parametrize(
    ("path", "module", "file"),
    [
        ("src/a.ts", "./b", "src/b.tsx"),
        ("src/a.ts", "./c", "src/c/index.ts"),
        ("src/a.ts", "./c/", "src/c/index.ts"),
        ("src/a.ts", "./c/index.js", "src/c/index.ts"),
        ("src/a.ts", "./b.js", "src/b.tsx"),
        ("src/a.ts", "./i.mjs", "src/i.mts"),
        ("src/a.ts", "./d", "src/d.js"),
        ("src/a.ts", "./f", "src/f.ts"),
        ("src/e.mjs", "./f", "src/f.js"),
        ("src/a.ts", "./f.js", "src/f.js"),
        ("src/a.ts", "./g.vue", "src/g.vue"),
        ("src/a.ts", "./g", "src/g.vue"),
        ("src/a.ts", "./data.json", "src/data.json"),
        ("src/a.ts", "./data.json?raw", "src/data.json"),
        ("src/a.ts", "./h", "src/h/inside/start.js"),
        ("src/a.ts", "..", "index.js"),
        ("src/a.ts", "../..", ""),
        ("src/a.ts", "../z.cjs", "z.cts"),
        ("src/deep/k.ts", "../a", "src/a.ts"),
        ("src/a.ts", "./a", ""),
        ("src/a.ts", "./none", ""),
        ("src/a.ts", "react", ""),
        ("src/a.ts", "node:fs", ""),
        ("src/a.ts", "src/b", ""),
        ("lib/y.d.ts", "./x.js", "lib/x.d.ts"),
        ("lib/y.d.ts", "./x.ts", "lib/x.d.ts"),
        ("lib/y.js", "./x", "lib/x.js"),
        ("src/a.ts", "@/b", "src/b.tsx"),
        ("src/deep/k.ts", "~/c", "src/c/index.ts"),
    ],
)
def test_paths(path: str, module: str, file: str) -> None:
    assert PLAIN.means(path, f'import "{module}";') == file
    if path.endswith("s"):
        assert PLAIN.means(path, f"const x = require('{module}');") == file


def test_paths_of_tsconfig() -> None:
    base = """{
      // shared by all
      "compilerOptions": {"baseUrl": ".", "paths": {
        "@app/*": ["app/src/*", "app/made/*"], "@app/core": ["core/src/index.ts"],
        "exact": ["core/src/x"], "*": ["any/*"],
      }}
    }"""
    names = "app/src/a.ts app/src/b.ts app/made/m.ts core/src/index.ts core/src/x.ts any/q.ts top.ts app/src/core.ts"
    mapped = Repository(names, {"tsconfig.base.json": base, "app/tsconfig.json": '{"extends": "../tsconfig.base"}'})
    for module, file in {
        "@app/b": "app/src/b.ts",
        "@app/m": "app/made/m.ts",
        "@app/core": "core/src/index.ts",
        "exact": "core/src/x.ts",
        "exact/x": "",
        "q": "any/q.ts",
        "top": "top.ts",
        "core/src/x": "core/src/x.ts",
        "@app/../../out": "",
    }.items():
        assert mapped.means("app/src/a.ts", f'import {{ x }} from "{module}";') == file, module
    # Outside of the folder that the configuration is for, it says nothing.
    assert mapped.means("core/src/x.ts", 'import "@app/b";') == ""


def test_paths_without_base_are_from_their_file_and_referred_configurations_count() -> None:
    refers = '{"files": [], "references": [{"path": "./tsconfig.app.json"}, {"path": "./gone"}, 1]}'
    options = '{"compilerOptions": {"paths": {"#/*": ["./src/*"]}}, "extends": ["./tsconfig.json", "@tsconfig/x"]}'
    referred = Repository("web/src/a.ts web/src/b.ts", {"web/tsconfig.json": refers, "web/tsconfig.app.json": options})
    assert referred.means("web/src/a.ts", 'import "#/b";') == "web/src/b.ts"


def package(**fields: object) -> str:
    return json.dumps(fields)


def test_packages_of_the_workspace() -> None:
    exports = {
        ".": {"types": "./dist/index.d.ts", "default": "./dist/index.js"},
        "./sub": "./dist/sub/main.js",
        "./parts/*": {"import": ["./src/parts/*.ts"]},
        "./hidden": None,
    }
    many = Repository(
        """packages/ui/src/index.ts packages/ui/src/sub/main.ts packages/ui/src/parts/p.ts packages/ui/src/q.ts
        packages/old/lib/start.js packages/bare/index.js packages/named/code/n.ts packages/app/src/a.ts
        node_modules/fake/index.js packages/own/src/o.ts""",
        {
            "packages/ui/package.json": package(name="@org/ui", exports=exports),
            "packages/old/package.json": package(name="old", main="lib/start"),
            "packages/bare/package.json": package(name="bare"),
            "packages/named/package.json": package(name="named", exports={"@org/source": "./code/n.ts", "default": 1}),
            "packages/own/package.json": package(name="own", imports={"#o": "./src/o.ts", "#all/*": "./src/*.ts"}),
            "packages/odd/package.json": package(name="odd", exports=[1], main={"a": 1}, imports=3),
            "node_modules/fake/package.json": package(name="fake"),
            "package.json": "[]",
        },
    )
    for module, file in {
        "@org/ui": "packages/ui/src/index.ts",
        "@org/ui/sub": "packages/ui/src/sub/main.ts",
        "@org/ui/parts/p": "packages/ui/src/parts/p.ts",
        "@org/ui/q": "packages/ui/src/q.ts",
        "@org": "",
        "old": "packages/old/lib/start.js",
        "old/lib/start": "packages/old/lib/start.js",
        "bare": "packages/bare/index.js",
        "named": "packages/named/code/n.ts",
        "fake": "",
        "odd": "",
    }.items():
        assert many.means("packages/app/src/a.ts", f'export * from "{module}";') == file, module
    assert many.means("packages/own/src/x.ts", 'import "#o";') == "packages/own/src/o.ts"
    assert many.means("packages/own/src/x.ts", 'import "#all/o";') == "packages/own/src/o.ts"
    assert many.means("packages/app/src/a.ts", 'import "#o";') == ""
