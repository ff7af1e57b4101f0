; What JavaScript and TypeScript have in common.
([(function_declaration name: (identifier) @name body: (_) @body)
  (generator_function_declaration name: (identifier) @name body: (_) @body)] @function)
(method_definition name: (_) @name body: (_) @body) @function
([(lexical_declaration (variable_declarator name: (identifier) @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]))
  (variable_declaration (variable_declarator name: (identifier) @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]))] @function)
([(lexical_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body)))
  (variable_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body)))] @class)
(expression_statement (assignment_expression left: (member_expression) @name
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])) @function
(program [(lexical_declaration (variable_declarator name: (identifier) @name))
          (variable_declaration (variable_declarator name: (identifier) @name))] @variable)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name)) @variable))
(import_statement) @import
(export_statement source: (_)) @passing
[(comment) (decorator)] @before
