(parameter_declaration declarator: (reference_declarator (identifier) @bound))
(type_parameter_declaration (type_identifier) @bound)
(for_range_loop declarator: [(identifier) @bound (_ (identifier) @bound)])
