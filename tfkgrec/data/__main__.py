"""`python -m tfkgrec.data`: the command of data_stats.py under its old name."""

import sys

from tfkgrec.cli import run_main
from tfkgrec.data_stats import main

if __name__ == "__main__":
    sys.exit(run_main(main))
