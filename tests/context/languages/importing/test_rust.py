from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.imports import read, written

USES = """use a::b;
use crate::{self, x::{self, Y as Z}, w::*};
pub(crate) use super::super::q::R;
extern crate serde as s;
use ::std::fmt;
use a as b;
use {p::q, r};
use self::z::*;
use c::{d, e as f,
    g::h};
use r#type::r#fn;
fn f() { use inner::I; }
"""


def test_use_trees() -> None:
    assert written("rust", USES) == [
        "0: a {b}",
        "1: crate as crate",
        "1: crate::x as x",
        "1: crate::x {Y as Z}",
        "1: crate::w {*}",
        "2: super::super::q {R}",
        "3: serde as s",
        "4: std {fmt}",
        "5: a as b",
        "6: r as r",
        "6: p {q}",
        "7: self::z {*}",
        "8: c {d, e as f}",
        "9: c::g {h}",
        "10: type {fn}",
        "11: inner {I}",
    ]


def test_modules_and_files() -> None:
    text = """mod foo;
pub mod outer { mod deep; mod inner { use super::t; use super::super::u; use super::super::super::v; use self::w; } }
#[cfg(test)]
#[path = "sub/other.rs"]
// why
mod named;
include!("tables.rs");
include!(concat!(env!("OUT_DIR"), "/made.rs"));
mod whole { fn f() {} }
"""
    assert written("rust", text) == [
        "0: self::foo as foo",
        "1: self::outer::deep as deep",
        "1: self::outer {t}",
        "1: self {u}",
        "1: super {v}",
        "1: self::outer::inner {w}",
        "5: sub/other.rs as named",
        "6: tables.rs {*}",
    ]


def test_the_tests_of_a_file_take_from_the_file_itself() -> None:
    assert written("rust", "mod tests { use super::*; }") == ["0: self {*}"]


def test_braces_without_end_are_given_up() -> None:
    assert read("rust", "use " + "a::{" * 5000 + "b" + "}" * 5000 + ";") == ()


leaves = st.sampled_from(["a", "b", "Cd", "e_f"])
paths = st.lists(leaves, min_size=1, max_size=3)


@given(st.lists(paths, min_size=1, max_size=5))
def test_a_tree_of_braces_says_what_its_paths_say_one_by_one(trees: list[list[str]]) -> None:
    def said(text: str) -> set[tuple[str, str]]:
        return {(one.module, name) for one in read("rust", text) for name in (one.names or ("self",))}

    together = "use root::{" + ", ".join("::".join(path) for path in trees) + "};"
    one_by_one = "".join(f"use root::{'::'.join(path)};" for path in trees)
    assert said(together) == said(one_by_one) != set()
