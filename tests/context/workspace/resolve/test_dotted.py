import pytest

from tests.fakes.repository import Repository

JVM = Repository(
    """app/src/main/java/org/x/A.java app/src/main/java/org/x/B.java app/src/main/java/org/x/in/C.java
    app/src/test/java/org/x/ATest.java lib/src/main/java/org/x/A.java lib/src/main/java/com/y/A.java
    app/src/main/kotlin/org/x/K.kt app/src/main/kotlin/short/Z.kt app/src/main/scala/org/x/S.scala
    app/src/main/kotlin/org/fun/strings.kt app/src/main/kotlin/org/fun/lists.kt README.md"""
)
MAIN = "app/src/main/java/org/x/"


@pytest.mark.parametrize(
    ("path", "statement", "files"),
    [
        (f"{MAIN}B.java", "import org.x.A;", f"{MAIN}A.java"),
        ("lib/src/main/java/com/y/D.java", "import org.x.A;", "lib/src/main/java/org/x/A.java"),
        ("app/src/test/java/org/x/ATest.java", "import static org.x.A.make;", f"{MAIN}A.java"),
        (f"{MAIN}B.java", "import org.x.A.Inner.Deep;", f"{MAIN}A.java"),
        (f"{MAIN}B.java", "import static org.x.A.Inner.*;", f"{MAIN}A.java"),
        (f"{MAIN}B.java", "import static org.x.B.Inner.*;", ""),
        (f"{MAIN}B.java", "import org.x.in.*;", f"{MAIN}in/C.java"),
        (f"{MAIN}B.java", "import org.x.K;", "app/src/main/kotlin/org/x/K.kt"),
        (f"{MAIN}B.java", "import java.util.List; import y.x.A; import org.x.make;", ""),
        (f"{MAIN}B.java", "import com.y.A;", "lib/src/main/java/com/y/A.java"),
        ("app/src/main/kotlin/org/x/K.kt", "import org.x.A as Other\n", f"{MAIN}A.java"),
        ("app/src/main/kotlin/org/x/K.kt", "import org.project.short.Z\n", "app/src/main/kotlin/short/Z.kt"),
        (
            "app/src/main/kotlin/org/x/K.kt",
            "import org.fun.trimmed\n",
            "app/src/main/kotlin/org/fun/lists.kt app/src/main/kotlin/org/fun/strings.kt",
        ),
        (
            "app/src/main/scala/org/x/S.scala",
            "import org.x.{A, C => D, K}",
            f"{MAIN}A.java app/src/main/kotlin/org/x/K.kt",
        ),
        ("app/src/main/scala/org/x/T.scala", "import org.x.in._", f"{MAIN}in/C.java"),
    ],
)
def test_java_kotlin_and_scala(path: str, statement: str, files: str) -> None:
    assert JVM.means(path, statement) == files


def test_of_a_package_in_several_roots_the_nearest_comes_first() -> None:
    found = JVM.means("lib/src/main/java/com/y/D.java", "import org.x.*;").split()
    assert found[0] == "lib/src/main/java/org/x/A.java"
    assert set(found) >= {f"{MAIN}A.java", f"{MAIN}B.java"}


SHARP = Repository(
    """Shop.Core/Data/Store.cs Shop.Core/Data/Row.cs Shop.Core/Data/x.json Shop.Core/Money.cs Shop/Web/Page.cs
    Shop/Web/Startup.cs Other/Data/Noise.cs"""
)


@pytest.mark.parametrize(
    ("statement", "files"),
    [
        ("using Shop.Core.Data;", "Shop.Core/Data/Row.cs Shop.Core/Data/Store.cs"),
        ("using Shop.Web;", "Shop/Web/Startup.cs"),
        ("using Shop.Core;", "Shop.Core/Money.cs"),
        ("using M = Shop.Core.Money;", "Shop.Core/Money.cs"),
        ("using static Shop.Core.Data.Store;", "Shop.Core/Data/Store.cs"),
        ("using System; using System.Data;", ""),
    ],
)
def test_csharp(statement: str, files: str) -> None:
    assert SHARP.means("Shop/Web/Page.cs", statement) == files


def test_swift() -> None:
    package = Repository(
        """Package.swift Sources/Core/A.swift Sources/Core/In/B.swift Sources/Core/r.json Sources/App/main.swift
        Tests/CoreTests/ATests.swift"""
    )
    core = "Sources/Core/A.swift Sources/Core/In/B.swift"
    assert package.means("Sources/App/main.swift", "import Core") == core
    assert package.means("Tests/CoreTests/ATests.swift", "@testable import Core") == core
    assert package.means("Sources/App/main.swift", "import class Core.B") == "Sources/Core/In/B.swift"
    assert package.means("Sources/Core/A.swift", "import Core") == ""
    assert package.means("Sources/App/main.swift", "import Foundation") == ""
