(document (pair . (_) @name) @section)
([(table "[" . (_) @name) (table_array_element "[[" . (_) @name)] @section)
(comment) @before
