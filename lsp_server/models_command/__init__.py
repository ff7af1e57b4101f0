"""`mellum-ls models`: one module for each of its commands, which are carried out by the runtime in a child process."""
