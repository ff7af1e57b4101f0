(class_specifier name: (_) @name body: (_) @body) @class
(namespace_definition name: (_) @name body: (_) @body) @module
(field_declaration declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name)] @name)
    (pointer_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))
    (reference_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))]) @function
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @field
(declaration declarator: (reference_declarator (function_declarator declarator: (_) @name))) @function
(alias_declaration name: (_) @name) @type
(concept_definition name: (_) @name) @type
(using_declaration) @import
