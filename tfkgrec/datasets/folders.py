"""Where the public datasets lie on this machine."""

import os
from pathlib import Path

from tfkgrec.errors import InputError

ENVIRONMENT_VARIABLE = "TFKGREC_DATA"
REPOSITORY = Path(__file__).parents[2]


def dataset_folder(dataset: str, data_dir: Path | None = None) -> Path:
    """Where a public dataset lies: below `data_dir`, else $TFKGREC_DATA, else ../shared/data of here or the repo."""
    if data_dir is not None:
        places = [data_dir]
    elif os.environ.get(ENVIRONMENT_VARIABLE):
        places = [Path(os.environ[ENVIRONMENT_VARIABLE])]
    else:
        places = [base.parent / "shared" / "data" for base in (Path.cwd(), REPOSITORY)]
    for place in places:
        if (place / dataset).is_dir():
            return place / dataset
    looked = " or ".join(dict.fromkeys(str(place / dataset) for place in places))
    raise InputError(
        f"{looked}: expected this folder (--data-dir or ${ENVIRONMENT_VARIABLE} names its parent), found none"
    )
