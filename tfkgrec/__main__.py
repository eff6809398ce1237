"""`python -m tfkgrec`: the same as the command `tfkgrec`."""

import sys

from tfkgrec.cli import main

if __name__ == "__main__":
    sys.exit(main())
