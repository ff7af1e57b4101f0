import pytest

from tests.fakes.imports import written


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_c(language: str) -> None:
    text = '#include <stdio.h>\n#ifdef A\n# include "a/b.h"\n#endif\n#include MACRO\n#include ""\n'
    assert written(language, text) == ["0: stdio.h {*} (system)", "2: a/b.h {*}"]


def test_php() -> None:
    text = r"""<?php
namespace A\B;
use A\B\C;
use A\B\C as D, E;
use A\{B, C as Q};
use function A\f;
use const A\X as Y;
require 'x.php';
require_once(__DIR__ . '/y.php');
include "z.php";
include $name;
include "$name/x.php";
class K { use SomeTrait; }
"""
    assert written("php", text) == [
        "2: A\\B\\C as C",
        "3: A\\B\\C as D",
        "3: E as E",
        "4: A\\B as B",
        "4: A\\C as Q",
        "5: A {f}",
        "6: A {X as Y}",
        "7: x.php {*}",
        "8: ./y.php {*}",
        "9: z.php {*}",
    ]


def test_ruby() -> None:
    text = """require "a/b"
require_relative '../c'
require_relative 'c'
load "x.rb"
autoload :Foo, "foo/bar"
require File.join("a")
require "a#{b}"
Bundler.require "no"
require
"""
    assert written("ruby", text) == ["0: a/b {*}", "1: ../c {*}", "2: ./c {*}", "3: x.rb {*}", "4: foo/bar {Foo}"]


def test_lua() -> None:
    text = """local a = require("a.b")
local b = require "c.d"
require 'e'
local c = require("f").g
local d, e = require "g", require "h"
return require("a" .. b)
"""
    assert written("lua", text) == ["0: a.b as a", "1: c.d as b", "2: e", "3: f {g as c}", "4: g", "4: h"]


def test_bash() -> None:
    text = """source ./a.sh
. "$DIR/b.sh"
. "$(dirname "$0")/c.sh"
source $X
. lib/d.sh
echo source x
"""
    assert written("bash", text) == ["0: ./a.sh {*}", "1: ./b.sh {*}", "2: ./c.sh {*}", "4: lib/d.sh {*}"]
