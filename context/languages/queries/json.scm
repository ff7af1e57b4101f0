(document (object (pair key: (string) @name) @section))
(comment) @before
