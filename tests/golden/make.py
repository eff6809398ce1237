"""Record golden.json:

    python -m tests.golden.make [MODEL ...]

trains tests/golden/configs/<model>.yaml twice, refuses if the two runs differ, and writes what they gave; what the 0.1
run and its export say is written where it is missing and never changed.

Allowed only for a step that changes the order in which weights are made, or what is drawn when (so that the same seed
gives other numbers), and then the step's note says so and for which models. For any other step a difference is a fault
of the step. 0.1/ is never written again: it is what version 0.1 left on people's disks.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.golden.record import (
    EXPORT,
    EXPORTED,
    GOLDEN,
    MODELS,
    RUNS,
    differences,
    exported_answers,
    logits,
    recorded,
    train_golden,
    trained,
)

AGREE = 1e-6


def main(models: list[str]) -> int:
    """Record `models`; the others stay as they are."""
    golden = recorded() if GOLDEN.exists() else {}
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            first, second = (trained(train_golden(model, Path(folder) / run)) for run in ("first", "second"))
        unsteady = differences(second, first, AGREE)
        if unsteady:
            print(f"{model}: two runs differ: {unsteady[0]} and {len(unsteady) - 1} more", file=sys.stderr)
            return 1
        record = golden.setdefault(model, {})
        record["trained"] = first
        if "loaded" not in record:
            record["loaded"] = logits(RUNS / model)
        if model in EXPORTED and "exported" not in record:
            record["exported"] = exported_answers(model, EXPORT / model / "1")
    lines = [f"{json.dumps(model)}: {json.dumps(golden[model], ensure_ascii=False)}" for model in sorted(golden)]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(MODELS)))
