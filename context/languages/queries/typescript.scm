([(class_declaration name: (_) @name body: (_) @body)
  (abstract_class_declaration name: (_) @name body: (_) @body)
  (interface_declaration name: (_) @name body: (_) @body)
  (enum_declaration name: (_) @name body: (_) @body)] @class)
(internal_module name: (_) @name body: (_) @body) @module
(module name: (_) @name body: (_) @body) @module
(public_field_definition name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(public_field_definition name: (_) @name) @variable
([(function_signature name: (_) @name) (abstract_method_signature name: (_) @name)] @function)
(interface_body (method_signature name: (_) @name) @function)
(class_body (method_signature name: (_) @name) @function)
(interface_body (property_signature name: (_) @name) @field)
(enum_body [(enum_assignment name: (_) @name) @constant (property_identifier) @name @constant])
(type_alias_declaration name: (_) @name) @type
(ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)
(internal_module body: (statement_block
  (export_statement (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)))
