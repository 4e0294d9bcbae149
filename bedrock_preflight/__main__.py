"""`python -m bedrock_preflight` is the command `bedrock-preflight`."""

import sys

from bedrock_preflight.command import main

sys.exit(main())
