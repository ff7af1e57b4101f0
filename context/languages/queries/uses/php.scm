(simple_parameter name: (variable_name (name) @bound))
(assignment_expression left: (variable_name (name) @bound))
(namespace_definition name: (namespace_name (name) @bound))
(foreach_statement (variable_name (name) @bound))
