(function_declaration name: (_) @name body: (_)? @body) @function
(method_declaration receiver: (parameter_list (parameter_declaration type: (_) @container))
  name: (_) @name body: (_)? @body) @method
(type_spec name: (_) @name type: [(struct_type (field_declaration_list) @body) (interface_type "{" @body)]) @class
(type_spec name: (_) @name) @type
(type_alias name: (_) @name) @type
(source_file (const_declaration (const_spec name: (identifier) @name) @constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @constant))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @constant)))
(type_spec type: (struct_type (field_declaration_list (field_declaration name: (_) @name) @field)))
(interface_type (method_elem name: (_) @name) @method)
(import_declaration) @import
(comment) @before
