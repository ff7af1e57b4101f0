(class_definition name: (identifier) @name body: (_) @body) @class
(function_definition name: (identifier) @name body: (_) @body) @function
(module (expression_statement (assignment left: (identifier) @name)) @variable)
(module (_ (block (expression_statement (assignment left: (identifier) @name)) @variable)))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name)) @variable))
(type_alias_statement left: (type [(identifier) @name (generic_type . (identifier) @name)])) @type
[(import_statement) (import_from_statement) (future_import_statement)] @import
[(comment) (decorator)] @before
