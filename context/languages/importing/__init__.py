"""How each language writes an import: a query that finds the statements, and a reader of one of them."""
