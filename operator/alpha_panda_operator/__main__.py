"""`python -m alpha_panda_operator`."""

import sys

from alpha_panda_operator.main import main

sys.exit(main())
