([(class_declaration name: (_) @name body: (_) @body)
  (interface_declaration name: (_) @name body: (_) @body)
  (enum_declaration name: (_) @name body: (_) @body)
  (record_declaration name: (_) @name body: (_) @body)
  (annotation_type_declaration name: (_) @name body: (_) @body)] @class)
(method_declaration name: (_) @name body: (_)? @body) @method
([(constructor_declaration name: (_) @name body: (_) @body)
  (compact_constructor_declaration name: (_) @name body: (_) @body)
  (annotation_type_element_declaration name: (_) @name)] @method)
([(field_declaration declarator: (variable_declarator name: (_) @name))
  (constant_declaration declarator: (variable_declarator name: (_) @name))] @variable)
(enum_constant name: (_) @name) @constant
(import_declaration) @import
[(line_comment) (block_comment) (annotation) (marker_annotation)] @before
