"""`mellum-ls doctor`: looks at everything that a completion depends on and says what works, what not, and why."""
