; What @only marks must read `id` or a heading's tag.
(element (start_tag (attribute (attribute_name) @only
  [(quoted_attribute_value (attribute_value) @name) (attribute_value) @name]))) @section
(element (start_tag (tag_name) @only)) @section
(comment) @before
