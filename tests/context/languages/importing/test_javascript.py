import pytest

from tests.fakes.imports import written

MODULES = """import a from "./a";
import * as ns from 'ns';
import { b as c, default as e } from "../b";
import "side";
import d, { f } from "./d";
import g, * as h from "./g";
import {} from "./empty";
export { q as r } from './q';
export * from './s';
export * as u from './v';
export const nothing = "import x from './x'";
"""
MODULES_READ = [
    "0: ./a {default as a}",
    "1: ns as ns",
    "2: ../b {b as c, default as e}",
    "3: side",
    "4: ./d {default as d, f}",
    "5: ./g as h",
    "5: ./g {default as g}",
    "6: ./empty",
    "7: ./q {q as r}",
    "8: ./s {*}",
    "9: ./v as u",
]
CALLS = """const { k, l: m } = require("./k");
const w = require("./w").x;
var all = require('./all'), more = require(`./more`);
require("./effect");
const lazy = () => import("./lazy");
async function f() { const { z } = await import("./z"); return (await import("./y")).y; }
require(name); require(`./${name}`); other("./no"); import(name); x.require("./no");
"""
CALLS_READ = [
    "0: ./k {k, l as m}",
    "1: ./w {x as w}",
    "2: ./all as all",
    "2: ./more as more",
    "3: ./effect",
    "4: ./lazy",
    "5: ./z {z}",
    "5: ./y {y}",
]
TYPES = """import type { T } from './t';
import { type D, E } from "./d";
import fs = require("fs");
import X = A.B;
type Z = import("./z").Q;
export type { V } from "./v";
declare module "m" { import { inner } from "./inner"; }
"""
TYPES_READ = [
    "0: ./t {T}",
    "1: ./d {D, E}",
    "2: fs as fs",
    "4: ./z {Q}",
    "5: ./v {V}",
    "6: ./inner {inner}",
]


@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_modules_and_calls(language: str) -> None:
    assert written(language, MODULES) == MODULES_READ
    assert written(language, CALLS) == CALLS_READ


@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_words_in_comments_and_strings_are_no_calls_however_many(language: str) -> None:
    """Few are looked at one by one, many by a search of the tree: both find the same."""
    said = """// require('./no') import('./no')
x = "require('./no')"; const requires = o.require; requires('./no');
"""
    few = CALLS + said
    assert written(language, few) == CALLS_READ
    assert written(language, few + "// require\n" * 2_000) == CALLS_READ


@pytest.mark.parametrize("language", ["typescript", "tsx"])
def test_types(language: str) -> None:
    assert written(language, TYPES) == TYPES_READ


def test_what_is_being_written_hides_no_other() -> None:
    assert written("typescript", 'import a from "./a";\nimport { b } from \nimport c from "./c";\n')[0] == (
        "0: ./a {default as a}"
    )
    assert written("javascript", "import { b } from ''; require(); import();") == []
