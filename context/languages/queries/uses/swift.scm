(parameter external_name: (simple_identifier) @bound)
(parameter name: (simple_identifier) @bound)
(pattern bound_identifier: (simple_identifier) @bound)
(type_parameter . (type_identifier) @bound)
