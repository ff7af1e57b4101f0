"""`mellum-ls models`: the models that there are, and what is done with them before they are served."""
