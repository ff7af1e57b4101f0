(create_table (object_reference name: (_) @name) (column_definitions)) @class
(create_table (object_reference name: (_) @name)) @class
(create_view (object_reference name: (_) @name)) @class
(create_materialized_view (object_reference name: (_) @name)) @class
(create_type (object_reference name: (_) @name)) @type
(create_function (object_reference name: (_) @name) (function_body) @body) @function
(column_definition name: (_) @name) @field
[(comment) (marginalia)] @before
