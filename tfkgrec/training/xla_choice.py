"""Whether XLA makes a model's training faster on a device, as `tfkgrec benchmark xla --write` has found it."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from tfkgrec.files import write_text

CHOICES = Path(__file__).with_suffix(".json")
"""Device -> Keras' name of the model -> whether its steps were faster with XLA."""


def faster_with_xla(device: str, model: str) -> bool:
    """What was measured; yes where nothing was, since XLA fuses the updates of tables, which dominate most models."""
    return _choices().get(device, {}).get(model, True)


def write_choices(found: Mapping[tuple[str, str], bool]) -> None:
    """Keep what was found, beside what is known of other devices and models."""
    known: dict[str, dict[str, bool]] = json.loads(json.dumps(_choices()))
    for (device, model), faster in found.items():
        known.setdefault(device, {})[model] = faster
    tidy = {device: dict(sorted(models.items())) for device, models in sorted(known.items())}
    write_text(CHOICES, json.dumps(tidy, indent=2) + "\n")
    _choices.cache_clear()


@functools.cache
def _choices() -> dict[str, dict[str, bool]]:
    known: dict[str, dict[str, bool]] = json.loads(CHOICES.read_text(encoding="utf-8"))
    return known
