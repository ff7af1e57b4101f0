"""Keys and values of what was computed: one sequence, saved windows, the sessions of all editing places, the budget."""
