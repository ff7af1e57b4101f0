"""The process that builds indexes at ordinary priority: on a busy machine the lowest one hardly ever has its turn."""

import sys

CODE = "from mellum_ls.context.index import worker; worker.lower_priority = lambda: None; worker.main()"
COMMAND = (sys.executable, "-P", "-c", CODE)
