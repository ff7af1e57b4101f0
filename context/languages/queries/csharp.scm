([(class_declaration name: (_) @name body: (_) @body)
  (interface_declaration name: (_) @name body: (_) @body)
  (struct_declaration name: (_) @name body: (_) @body)
  (enum_declaration name: (_) @name body: (_) @body)] @class)
(record_declaration name: (_) @name body: (_)? @body) @class
([(namespace_declaration name: (_) @name body: (_) @body)] @module)
([(method_declaration name: (_) @name body: (_)? @body)
  (constructor_declaration name: (_) @name body: (_)? @body)] @method)
(local_function_statement name: (_) @name body: (_) @body) @function
(property_declaration name: (_) @name value: (arrow_expression_clause) @body) @field
(property_declaration name: (_) @name) @field
([(field_declaration (variable_declaration (variable_declarator name: (_) @name)))
  (event_field_declaration (variable_declaration (variable_declarator name: (_) @name)))] @field)
(enum_member_declaration name: (_) @name) @constant
(delegate_declaration name: (_) @name) @type
(using_directive) @import
[(comment) (attribute_list)] @before
