(class_declaration name: (_) @name [(class_body) (enum_class_body)]? @body) @class
(object_declaration name: (_) @name (class_body)? @body) @class
(companion_object name: (_)? @of (class_body) @body) @scope
(function_declaration name: (_) @name (function_body)? @body) @function
(class_body (secondary_constructor "constructor" @name (block)? @body) @function)
(source_file (property_declaration (variable_declaration . (identifier) @name)) @variable)
(class_body (property_declaration (variable_declaration . (identifier) @name)) @variable)
(enum_class_body (property_declaration (variable_declaration . (identifier) @name)) @variable)
(class_parameter ["val" "var"] (identifier) @name) @field
(enum_entry (identifier) @name) @constant
(type_alias type: (identifier) @name) @type
(import) @import
[(line_comment) (block_comment) (annotation)] @before
