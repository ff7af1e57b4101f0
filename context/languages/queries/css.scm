(rule_set (selectors) @name) @section
(keyframes_statement (keyframes_name) @name) @section
(import_statement) @import
(comment) @before
