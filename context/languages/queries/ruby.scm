(class name: (_) @name body: (_)? @body) @class
(module name: (_) @name body: (_)? @body) @module
([(method name: (_) @name body: (_)? @body)
  (singleton_method name: (_) @name body: (_)? @body)] @function)
([(program (assignment left: (constant) @name) @constant)
  (body_statement (assignment left: (constant) @name) @constant)])
(comment) @before
