import pytest

from tests.fakes.repository import Repository

ONE = Repository(
    """src/lib.rs src/main.rs src/a.rs src/a/b.rs src/a/b/tests.rs src/c/mod.rs src/c/d.rs src/bin/tool.rs
    src/bin/big/main.rs src/bin/big/part.rs tests/it.rs tests/common/mod.rs examples/x.rs build.rs src/moved/file.rs""",
    {"Cargo.toml": '[package]\nname = "my-crate"\n'},
)
LIB, A, B, C, D = "src/lib.rs", "src/a.rs", "src/a/b.rs", "src/c/mod.rs", "src/c/d.rs"


@pytest.mark.parametrize(
    ("path", "statement", "files"),
    [
        (LIB, "mod a; mod c;", f"{A} {C}"),
        ("src/main.rs", "mod a;", A),
        (A, "mod b;", B),
        (C, "mod d;", D),
        (B, "#[cfg(test)] mod tests;", "src/a/b/tests.rs"),
        (LIB, "mod none;", ""),
        (LIB, '#[path = "moved/file.rs"] mod m;', "src/moved/file.rs"),
        (LIB, '#[path = "../../out.rs"] mod m;', ""),
        (D, "use crate::a::b::F;", B),
        (D, "use crate::a::{b, G};", f"{B} {A}"),
        (D, "use crate::a::Enum::Variant;", A),
        (D, "use crate::Top;", LIB),
        (D, "use crate::a::*;", A),
        (D, "use crate::a::b::{self};", B),
        (D, "use super::X;", C),
        (D, "use super::super::a::Y;", A),
        (D, "use super::super::super::Y;", ""),
        (B, "use super::Z;", A),
        (A, "use super::W;", LIB),
        (A, "use self::b::F;", B),
        (A, "use self::super::c::F;", C),
        (LIB, "use a::b::F;", B),
        (LIB, "pub use self::c::d::*;", D),
        (D, "use std::fmt; use serde::Serialize;", ""),
        (B, "mod tests { use super::*; }", ""),
        (B, "mod tests { use super::super::*; }", A),
        ("tests/it.rs", "mod common;", "tests/common/mod.rs"),
        ("tests/it.rs", "use my_crate::a::b::F; use crate::common::h;", f"{B} tests/common/mod.rs"),
        ("examples/x.rs", "use my_crate::Top;", LIB),
        ("src/bin/tool.rs", "use my_crate::c::d;", D),
        ("src/bin/big/main.rs", "mod part; use crate::part::P;", "src/bin/big/part.rs"),
        ("src/bin/big/part.rs", "use crate::Main;", "src/bin/big/main.rs"),
        ("src/main.rs", "use my_crate::Top;", LIB),
    ],
)
def test_one_package(path: str, statement: str, files: str) -> None:
    assert ONE.means(path, statement) == files


def test_crates_of_a_workspace() -> None:
    manifest = '[package]\nname = "app"\n[dependencies]\nalias = { package = "core-lib", path = "../core" }\n'
    many = Repository(
        "app/src/main.rs core/src/lib.rs core/src/x.rs odd/code/root.rs odd/code/y.rs plain/src/lib.rs",
        {
            "Cargo.toml": '[workspace]\nmembers = ["app", "core"]\n',
            "app/Cargo.toml": manifest,
            "core/Cargo.toml": '[package]\nname = "core-lib"\n',
            "odd/Cargo.toml": '[package]\nname = "odd"\n[lib]\nname = "strange"\npath = "code/root.rs"\n',
            "plain/Cargo.toml": "not toml",
        },
    )
    main = "app/src/main.rs"
    assert many.means(main, "use core_lib::x::F;") == "core/src/x.rs"
    assert many.means(main, "use alias::x::F;") == "core/src/x.rs"
    assert many.means(main, "use ::core_lib::Top;") == "core/src/lib.rs"
    assert many.means(main, "use strange::y::F;") == "odd/code/y.rs"
    assert many.means("odd/code/y.rs", "use crate::Top;") == "odd/code/root.rs"
    assert many.means(main, "extern crate core_lib;") == "core/src/lib.rs"
    # A manifest that cannot be read leaves the folder's name.
    assert many.means(main, "use plain::F;") == "plain/src/lib.rs"


def test_without_a_manifest_the_crate_is_where_its_root_is() -> None:
    bare = Repository("x/lib.rs x/a.rs x/a/b.rs y.rs z.rs")
    assert bare.means("x/a/b.rs", "use crate::a::F; use super::super::G;") == "x/a.rs x/lib.rs"
    assert bare.means("y.rs", "mod z;") == "z.rs"
