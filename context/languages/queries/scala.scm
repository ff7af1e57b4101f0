([(class_definition name: (_) @name body: (_)? @body)
  (object_definition name: (_) @name body: (_)? @body)
  (trait_definition name: (_) @name body: (_)? @body)
  (enum_definition name: (_) @name body: (_)? @body)] @class)
(package_object name: (_) @name body: (_)? @body) @module
(function_definition name: (_) @name body: (_) @body) @function
(function_declaration name: (_) @name) @function
([(compilation_unit (val_definition pattern: (identifier) @name) @variable)
  (template_body (val_definition pattern: (identifier) @name) @variable)
  (template_body (var_definition pattern: (identifier) @name) @variable)
  (template_body (val_declaration name: (identifier) @name) @variable)])
(given_definition name: (_) @name) @constant
(class_definition class_parameters: (class_parameters (class_parameter name: (_) @name) @field))
([(simple_enum_case name: (_) @name) (full_enum_case name: (_) @name)] @constant)
(type_definition name: (_) @name) @type
(import_declaration) @import
[(comment) (block_comment) (annotation)] @before
