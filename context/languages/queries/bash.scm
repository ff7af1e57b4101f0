(function_definition name: (_) @name body: (_) @body) @function
([(program (variable_assignment name: (variable_name) @name) @variable)
  (program (declaration_command (variable_assignment name: (variable_name) @name)) @variable)])
(comment) @before
