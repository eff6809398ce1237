"""`tfkgrec report`: a finished run as one page of HTML that needs no network.

python -m tfkgrec.report runs/dink
"""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tfkgrec.cli import CommandParser, run_main
from tfkgrec.files import check_folder, write_text
from tfkgrec.progress import phase, say
from tfkgrec.tf_logging import quiet_import


def main(argv: Sequence[str] | None = None) -> int:
    """Write RUN_DIR/report.html, or --output."""
    parser = CommandParser(prog="tfkgrec report", description="Write a run as one page of HTML.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: RUN_DIR/report.html")
    options = parser.parse_args(argv)
    output = options.output or options.run_dir / "report.html"
    check_folder(output.parent)
    with quiet_import():
        from tfkgrec.evaluation.summary import flatten
        from tfkgrec.offline.in_process import open_in_process
        from tfkgrec.offline.run_report import page
        from tfkgrec.runs.run import load_run

    with phase(f"loading {options.run_dir}"):
        config, run, model = load_run(options.run_dir)
    with phase("writing the page"):
        write_text(output, page(run, flatten(config.to_dict()), model, open_in_process(options.run_dir)))
    if find_spec("matplotlib") is None:
        say("its reasons are not drawn: pip install 'tfkgrec[plots]'")
    say(f"report: {output}")
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
