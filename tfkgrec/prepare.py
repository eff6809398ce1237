"""`python -m tfkgrec.prepare`; imported, `tfkgrec.prepare` is the function that reads and splits a config's data."""

import sys

from tfkgrec.cli import run_main
from tfkgrec.prepare_data import main

if __name__ == "__main__":
    sys.exit(run_main(main))
