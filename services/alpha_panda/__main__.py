"""`python -m alpha_panda`: the `panda` command where its script is not on the path."""

import sys

from alpha_panda.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
