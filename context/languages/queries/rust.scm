(struct_item name: (_) @name body: (field_declaration_list) @body) @class
(struct_item name: (_) @name) @class
([(enum_item name: (_) @name body: (_) @body)
  (union_item name: (_) @name body: (_) @body)
  (trait_item name: (_) @name body: (_) @body)] @class)
(impl_item type: (_) @of body: (_) @body) @scope
(mod_item name: (_) @name body: (_) @body) @module
(function_item name: (_) @name body: (_) @body) @function
(function_signature_item name: (_) @name) @function
(macro_definition name: (_) @name (macro_rule) @body) @function
([(const_item name: (_) @name) (static_item name: (_) @name)] @constant)
([(type_item name: (_) @name) (associated_type name: (_) @name)] @type)
(struct_item body: (field_declaration_list (field_declaration name: (_) @name) @field))
(union_item body: (field_declaration_list (field_declaration name: (_) @name) @field))
(enum_variant name: (_) @name) @constant
[(use_declaration) (extern_crate_declaration)] @import
[(line_comment) (block_comment) (attribute_item)] @before
