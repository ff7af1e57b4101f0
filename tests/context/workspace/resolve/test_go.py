from tests.fakes.repository import Repository

MODULE = "module example.org/shop // the shop\n\ngo 1.22\n"
SHOP = Repository(
    """main.go cart/cart.go cart/price.go cart/cart_test.go cart/README.md tools/gen/gen.go
    tools/lib/lib.go vendor/other.org/x/x.go vendor/other.org/x/y_test.go""",
    {"go.mod": MODULE, "tools/go.mod": "module example.org/shop/tools\n"},
)


def test_a_package_is_the_files_of_a_folder_without_tests() -> None:
    assert SHOP.means("main.go", 'import "example.org/shop/cart"') == "cart/cart.go cart/price.go"
    assert SHOP.means("cart/cart_test.go", 'import "example.org/shop/cart"') == "cart/cart.go cart/price.go"
    assert SHOP.means("cart/cart.go", 'import "example.org/shop"') == "main.go"


def test_a_module_in_a_module_and_what_is_vendored() -> None:
    assert SHOP.means("main.go", 'import "example.org/shop/tools/lib"') == "tools/lib/lib.go"
    assert SHOP.means("tools/gen/gen.go", 'import ("example.org/shop/cart")') == "cart/cart.go cart/price.go"
    assert SHOP.means("main.go", 'import "other.org/x"') == "vendor/other.org/x/x.go"


def test_what_lies_elsewhere_means_nothing() -> None:
    for path in ("fmt", "cart", "example.org/shopping/cart", "example.org/shop/none", "../cart", "lib"):
        assert SHOP.means("main.go", f'import "{path}"') == ""


def test_without_modules_the_folders_are_called_as_the_imports() -> None:
    old = Repository("src/a.org/p/q/q.go src/a.org/p/main.go fmt/x.go")
    assert old.means("src/a.org/p/main.go", 'import "a.org/p/q"') == "src/a.org/p/q/q.go"
    assert old.means("src/a.org/p/main.go", 'import "fmt"') == ""
