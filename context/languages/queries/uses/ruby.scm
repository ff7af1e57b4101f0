(method_parameters [(identifier) @bound (_ name: (identifier) @bound)])
(block_parameters [(identifier) @bound (_ name: (identifier) @bound)])
(assignment left: (identifier) @bound)
(left_assignment_list (identifier) @bound)
