"""Where names are bound, by language: which places of a tree bind, what a scope is, what is a member. Tables only.

A place is a node's type and the field in which the name stands there (`-` for none). What is in no table is a use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BindingKind = Literal["function", "class", "parameter", "variable", "import", "member"]
Where = Literal["up", "self", "function", "file"]
"""The scope that a place binds in: the next one above it, the node itself, the next function, the file."""


@dataclass(frozen=True, slots=True)
class BindingRules:
    """The tables of one language."""

    binders: dict[tuple[str, str], tuple[BindingKind, Where]]
    patterns: frozenset[tuple[str, str]]
    """Between a name and the place that binds it, or assigns to it."""
    scopes: frozenset[str]
    functions: frozenset[str]
    classes: frozenset[str]
    members: dict[tuple[str, str], str]
    """Where a member is named, with the field of what it is a member of."""
    keys: frozenset[tuple[str, str]]
    """Names that are neither bound nor looked up: labels of arguments, keys of literals."""
    calls: dict[str, str]
    """Nodes of calls with the field of what is called."""
    class_scopes_are_seen: bool = True
    """Whether methods see the names of their class without a receiver."""
    binds_from_here: bool = False
    """Whether a local variable is seen from the end of its declaration on only."""
    receivers: frozenset[str] = frozenset({"this"})
    """What an object is called within its own methods."""


def _places(text: str) -> frozenset[tuple[str, str]]:
    return frozenset((place, at) for place, _, at in (word.partition(".") for word in text.split()))


def _binders(text: str) -> dict[tuple[str, str], tuple[BindingKind, Where]]:
    found: dict[tuple[str, str], tuple[BindingKind, Where]] = {}
    for row in text.strip().splitlines():
        kind, where, *places = row.split()
        for place, _, at in (word.partition(".") for word in places):
            found[place, at] = (kind, where)  # type: ignore[assignment]
    return found


def _pairs(text: str) -> dict[tuple[str, str], str]:
    found = {}
    for word in text.split():
        place, _, rest = word.partition(".")
        at, _, receiver = rest.partition(":")
        found[place, at] = receiver
    return found


_PYTHON = BindingRules(
    binders=_binders(
        """
function up function_definition.name
class up class_definition.name
parameter up parameters.- lambda_parameters.- default_parameter.name typed_default_parameter.name typed_parameter.-
variable up assignment.left augmented_assignment.left for_statement.left for_in_clause.left as_pattern_target.-
variable function named_expression.name
class up type_alias_statement.left type_parameter.-
import file aliased_import.alias
"""
    ),
    patterns=_places(
        "pattern_list.- tuple_pattern.- list_pattern.- list_splat_pattern.- dictionary_splat_pattern.- type.-"
    ),
    scopes=frozenset(
        [
            "module",
            "function_definition",
            "lambda",
            "class_definition",
            "list_comprehension",
            "set_comprehension",
            "dictionary_comprehension",
            "generator_expression",
        ]
    ),
    functions=frozenset({"function_definition", "lambda"}),
    classes=frozenset({"class_definition"}),
    members=_pairs("attribute.attribute:object"),
    keys=_places("keyword_argument.name"),
    calls={"call": "function"},
    class_scopes_are_seen=False,
    receivers=frozenset({"self", "cls"}),
)

_ECMASCRIPT = BindingRules(
    binders=_binders(
        """
function up function_declaration.name generator_function_declaration.name function_signature.name
function self function_expression.name
class up class_declaration.name abstract_class_declaration.name interface_declaration.name enum_declaration.name
class up type_alias_declaration.name type_parameter.name
member up method_definition.name public_field_definition.name field_definition.property property_signature.name
member up method_signature.name abstract_method_signature.name
parameter up formal_parameters.- required_parameter.pattern optional_parameter.pattern
parameter self arrow_function.parameter catch_clause.parameter
variable up variable_declarator.name
variable self for_in_statement.left
import file import_clause.- namespace_import.- import_specifier.alias
"""
    ),
    patterns=_places(
        "object_pattern.- array_pattern.- pair_pattern.value rest_pattern.- assignment_pattern.left "
        "object_assignment_pattern.left"
    ),
    scopes=frozenset(
        [
            "program",
            "statement_block",
            "function_declaration",
            "generator_function_declaration",
            "function_expression",
            "arrow_function",
            "method_definition",
            "class_body",
            "interface_body",
            "enum_body",
            "for_statement",
            "for_in_statement",
            "catch_clause",
            "switch_body",
            "function_signature",
            "method_signature",
            "abstract_method_signature",
            "function_type",
            "call_signature",
            "construct_signature",
            "type_alias_declaration",
            "class_declaration",
            "abstract_class_declaration",
            "interface_declaration",
            "class",
        ]
    ),
    functions=frozenset(
        [
            "function_declaration",
            "generator_function_declaration",
            "function_expression",
            "arrow_function",
            "method_definition",
            "function_signature",
            "method_signature",
            "abstract_method_signature",
        ]
    ),
    classes=frozenset(["class_declaration", "abstract_class_declaration", "interface_declaration", "enum_declaration"]),
    members=_pairs("member_expression.property:object nested_type_identifier.name:module"),
    keys=_places("pair.key pair_pattern.key jsx_attribute.- labeled_statement.label"),
    calls={"call_expression": "function", "new_expression": "constructor"},
    class_scopes_are_seen=False,
)

_JAVA = BindingRules(
    binders=_binders(
        """
member up method_declaration.name annotation_type_element_declaration.name enum_constant.name
class up class_declaration.name interface_declaration.name enum_declaration.name record_declaration.name
class up annotation_type_declaration.name type_parameter.-
parameter up formal_parameter.name spread_parameter.- catch_formal_parameter.name inferred_parameters.-
parameter self lambda_expression.parameters
variable up variable_declarator.name resource.name instanceof_expression.name
variable self enhanced_for_statement.name
"""
    ),
    patterns=frozenset(),
    scopes=frozenset(
        [
            "program",
            "class_declaration",
            "interface_declaration",
            "enum_declaration",
            "record_declaration",
            "annotation_type_declaration",
            "class_body",
            "interface_body",
            "enum_body",
            "annotation_type_body",
            "method_declaration",
            "constructor_declaration",
            "block",
            "constructor_body",
            "for_statement",
            "enhanced_for_statement",
            "catch_clause",
            "lambda_expression",
            "try_with_resources_statement",
            "switch_block_statement_group",
            "switch_rule",
        ]
    ),
    functions=frozenset(["method_declaration", "constructor_declaration", "lambda_expression"]),
    classes=frozenset(["class_declaration", "interface_declaration", "enum_declaration", "record_declaration"]),
    members=_pairs("field_access.field:object method_invocation.name:object"),
    keys=_places("element_value_pair.key labeled_statement.- break_statement.- continue_statement.-"),
    calls={"method_invocation": "name", "object_creation_expression": "type"},
    binds_from_here=True,
)

_GO = BindingRules(
    binders=_binders(
        """
function file function_declaration.name
class up type_spec.name type_alias.name type_parameter_declaration.name
member up method_declaration.name method_elem.name field_declaration.name
parameter up parameter_declaration.name variadic_parameter_declaration.name
variable up var_spec.name const_spec.name short_var_declaration.left range_clause.left
variable self type_switch_statement.alias
import file import_spec.name
"""
    ),
    patterns=_places("expression_list.-"),
    scopes=frozenset(
        [
            "source_file",
            "function_declaration",
            "method_declaration",
            "func_literal",
            "function_type",
            "method_elem",
            "block",
            "if_statement",
            "for_statement",
            "expression_switch_statement",
            "type_switch_statement",
            "expression_case",
            "type_case",
            "default_case",
            "communication_case",
        ]
    ),
    functions=frozenset(["function_declaration", "method_declaration", "func_literal"]),
    classes=frozenset({"type_spec"}),
    members=_pairs("selector_expression.field:operand qualified_type.name:package"),
    keys=_places("labeled_statement.label"),
    calls={"call_expression": "function"},
    binds_from_here=True,
    receivers=frozenset(),
)

RULES: dict[str, BindingRules] = {
    "python": _PYTHON,
    "javascript": _ECMASCRIPT,
    "typescript": _ECMASCRIPT,
    "tsx": _ECMASCRIPT,
    "java": _JAVA,
    "go": _GO,
}
"""By the name of the grammar; names of other languages are not resolved."""

FAMILIES: dict[str, str] = {"javascript": "ecmascript", "typescript": "ecmascript", "tsx": "ecmascript"}
"""Languages that import from each other."""


def family(grammar_name: str) -> str:
    """The languages that a language shares its modules with, under one name."""
    return FAMILIES.get(grammar_name, grammar_name)
