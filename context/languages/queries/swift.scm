(class_declaration declaration_kind: ["class" "struct" "enum" "actor"] name: (type_identifier) @name body: (_) @body) @class
(class_declaration declaration_kind: "extension" name: (_) @of body: (_) @body) @scope
(protocol_declaration name: (type_identifier) @name body: (_) @body) @class
(function_declaration name: (simple_identifier) @name body: (_)? @body) @function
(protocol_function_declaration name: (simple_identifier) @name) @function
(init_declaration "init" @name body: (_)? @body) @function
(deinit_declaration "deinit" @name body: (_) @body) @function
(source_file (property_declaration name: (pattern bound_identifier: (_) @name)) @variable)
(class_body (property_declaration name: (pattern bound_identifier: (_) @name)
  computed_value: (_)? @body) @field)
(enum_class_body (property_declaration name: (pattern bound_identifier: (_) @name)
  computed_value: (_)? @body) @field)
(protocol_property_declaration name: (pattern bound_identifier: (_) @name)) @field
(enum_entry name: (simple_identifier) @name) @constant
(typealias_declaration name: (type_identifier) @name) @type
(associatedtype_declaration name: (_) @name) @type
(import_declaration) @import
[(comment) (multiline_comment) (attribute)] @before
