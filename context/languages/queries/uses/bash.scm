(command_name (word) @use)
(variable_name) @use
(function_definition name: (word) @bound)
(variable_assignment name: (variable_name) @bound)
(for_statement variable: (variable_name) @bound)
