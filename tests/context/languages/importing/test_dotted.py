from tests.fakes.imports import written


def test_java() -> None:
    text = """package a.b;
import java.util.List;
import static a.b.C.d;
import a.b.*;
import static a.b.C.*;
class K { String s = "import x.Y;"; }
"""
    assert written("java", text) == [
        "1: java.util.List as List",
        "2: a.b.C {d}",
        "3: a.b {*}",
        "4: a.b.C {*}",
    ]


def test_kotlin() -> None:
    text = "package a.b\nimport a.b.C\nimport a.b.C as D\nimport a.b.*\nimport single\n"
    assert written("kotlin", text) == ["1: a.b.C as C", "2: a.b.C as D", "3: a.b {*}", "4: single as single"]


def test_scala() -> None:
    text = """package a.b
import a.b.C
import a.b.{C => D, E, _}
import a.b._
import a.b.*
import a.b.{C as D, given}, x.y.Z
import a.b.C as D
import a.b.{H => _, I}
object O { import c.d.E }
"""
    assert written("scala", text) == [
        "1: a.b.C as C",
        "2: a.b {C as D, E, *}",
        "3: a.b {*}",
        "4: a.b {*}",
        "5: a.b {C as D, *}",
        "5: x.y.Z as Z",
        "6: a.b {C as D}",
        "7: a.b {I}",
        "8: c.d.E as E",
    ]


def test_csharp() -> None:
    text = """using System;
using static A.B.C;
using X = A.B.C;
global using Q.R;
using Y = System.Collections.Generic.List<int>;
using global::A.Z;
namespace A.B { using Inner; class K { void F() { using (var x = new X()) {} } } }
"""
    assert written("csharp", text) == [
        "0: System {*}",
        "1: A.B.C {*}",
        "2: A.B.C as X",
        "3: Q.R {*}",
        "4: System.Collections.Generic.List as Y",
        "5: A.Z {*}",
        "6: Inner {*}",
    ]


def test_swift() -> None:
    text = "import Foundation\nimport struct A.B\n@testable import M\nlet s = 1\n"
    assert written("swift", text) == ["0: Foundation {*}", "1: A {B}", "2: M {*}"]
