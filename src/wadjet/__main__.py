"""``python -m wadjet`` is ``wadjet`` under an interpreter of your choice."""

import sys

from wadjet.cli.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
