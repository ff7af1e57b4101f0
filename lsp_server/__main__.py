"""`python -m mellum_ls.lsp_server`: the command mellum-ls."""

import sys

from mellum_ls.lsp_server.cli import main

if __name__ == "__main__":
    sys.exit(main())
