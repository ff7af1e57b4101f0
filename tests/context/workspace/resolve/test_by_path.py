import json

import pytest

from tests.fakes.repository import Repository

NATIVE = Repository(
    """src/a.c src/a.h src/sub/b.c src/sub/b.h include/lib/a.h include/lib/only.h src/string.h src/zconf.h
    other/only.h third/include/vec.hpp"""
)


@pytest.mark.parametrize(
    ("path", "statement", "files"),
    [
        ("src/a.c", '#include "a.h"', "src/a.h"),
        ("src/sub/b.c", '#include "../a.h"', "src/a.h"),
        ("src/sub/b.c", '#include "sub/b.h"', "src/sub/b.h"),
        ("src/a.c", "#include <lib/a.h>", "include/lib/a.h"),
        ("src/a.c", '#include "lib/only.h"', "include/lib/only.h"),
        ("other/x.c", '#include "a.h"', "src/a.h"),
        ("other/x.c", '#include "only.h"', "other/only.h"),
        ("src/a.c", "#include <string.h>", ""),
        ("src/a.c", '#include "string.h"', "src/string.h"),
        ("src/a.c", "#include <zconf.h>", "src/zconf.h"),
        ("src/a.c", "#include <vector>", ""),
        ("src/a.c", '#include "none.h"', ""),
        ("src/a.c", '#include "../../../../a.h"', "src/a.h"),
        ("src/a.h", '#include "a.h"', ""),
        ("x.cpp", '#include "third/include/vec.hpp"', "third/include/vec.hpp"),
        ("x.cpp", "#include <vec.hpp>", "third/include/vec.hpp"),
    ],
)
def test_c(path: str, statement: str, files: str) -> None:
    assert NATIVE.means(path, statement) == files


COMPOSER = json.dumps(
    {"autoload": {"psr-4": {"App\\": "src/", "App\\Extra\\": ["extra", "more/"]}}, "autoload-dev": {"psr-4": {"": "t"}}}
)


@pytest.mark.parametrize(
    ("statement", "files"),
    [
        (r"use App\Model\User;", "src/Model/User.php"),
        (r"use App\Extra\One;", "extra/One.php"),
        (r"use App\Extra\Two as Too;", "more/Two.php"),
        (r"use App\Model\{User, Role};", "src/Model/User.php src/Model/Role.php"),
        (r"use Vendor\Pkg\Thing;", "lib/Vendor/Pkg/Thing.php"),
        (r"use Other\Model\User; use Exception;", ""),
        ("require 'lib/boot.php';", "lib/boot.php"),
        ("require __DIR__ . '/Model/Role.php';", "src/Model/Role.php"),
        ("require __DIR__ . '/../../out.php';", ""),
    ],
)
def test_php(statement: str, files: str) -> None:
    names = "src/Kernel.php src/Model/User.php src/Model/Role.php extra/One.php more/Two.php lib/boot.php"
    php = Repository(f"{names} lib/Vendor/Pkg/Thing.php", {"composer.json": COMPOSER})
    assert php.means("src/Kernel.php", "<?php\n" + statement) == files


def test_composer_of_another_shape() -> None:
    for text in ("[]", '{"autoload": 1}', '{"autoload": {"psr-4": {"A\\\\": 1, "": [2], "B": "../.."}}}', "{"):
        broken = Repository("a/A/B.php b.php", {"composer.json": text})
        assert broken.means("b.php", "<?php use X\\A\\B;") == ""


def test_ruby() -> None:
    gem = Repository(
        "lib/gem.rb lib/gem/a.rb lib/gem/b.rb spec/spec_helper.rb spec/gem/a_spec.rb ext/far/c.rb x/json.rb"
    )
    assert gem.means("lib/gem/a.rb", "require_relative 'b'") == "lib/gem/b.rb"
    assert gem.means("lib/gem/a.rb", "require_relative '../gem'") == "lib/gem.rb"
    assert (
        gem.means("spec/gem/a_spec.rb", "require 'gem/a'; require 'spec_helper'") == "lib/gem/a.rb spec/spec_helper.rb"
    )
    assert gem.means("lib/gem.rb", "autoload :B, 'gem/b'") == "lib/gem/b.rb"
    assert gem.means("lib/gem.rb", "require 'far/c'") == "ext/far/c.rb"
    assert gem.means("lib/gem.rb", "require 'json'; require_relative '../../x'") == ""


def test_lua() -> None:
    plugin = Repository("lua/plug/init.lua lua/plug/core.lua main.lua src/game/map.lua deps/far/away/m.lua")
    assert plugin.means("lua/plug/core.lua", "require 'plug'") == "lua/plug/init.lua"
    assert plugin.means("main.lua", "local c = require('plug.core')") == "lua/plug/core.lua"
    assert plugin.means("main.lua", "require('game.map')") == "src/game/map.lua"
    assert plugin.means("main.lua", "require('far/away/m')") == "deps/far/away/m.lua"
    assert plugin.means("main.lua", "require 'm'") == ""


def test_bash() -> None:
    scripts = Repository("bin/run.sh bin/lib.sh lib/all.sh")
    assert scripts.means("bin/run.sh", 'source "$(dirname "$0")/lib.sh"\n. lib/all.sh\n') == "bin/lib.sh lib/all.sh"
    assert scripts.means("bin/run.sh", "source ../../etc/profile") == ""
