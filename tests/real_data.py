"""Where the public datasets lie on this machine; tests that need them skip, visibly, where they are not."""

from pathlib import Path

import pytest

from tfkgrec.datasets.folders import dataset_folder
from tfkgrec.errors import InputError


def real_data_dir() -> Path | None:
    """The folder that holds `lastfm/` and the others: $TFKGREC_DATA, else ../shared/data; None where there is none."""
    try:
        return dataset_folder("lastfm").parent
    except InputError:
        return None


needs_real_data = pytest.mark.skipif(
    real_data_dir() is None, reason="public datasets: neither in $TFKGREC_DATA nor in ../shared/data"
)
