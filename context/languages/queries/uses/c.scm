(parameter_declaration declarator: [
    (identifier) @bound
    (pointer_declarator declarator: (identifier) @bound)
    (pointer_declarator (pointer_declarator declarator: (identifier) @bound))
    (array_declarator declarator: (identifier) @bound)])
(declaration declarator: (identifier) @bound)
(init_declarator declarator: [(identifier) @bound (pointer_declarator declarator: (identifier) @bound)])
(preproc_params (identifier) @bound)
