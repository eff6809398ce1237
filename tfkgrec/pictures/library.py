"""matplotlib, the one library that draws into a file without a display; without pyplot, whose state is the user's."""

from typing import Any

from tfkgrec.errors import InputError


def matplotlib(otherwise: str = "") -> Any:
    """matplotlib, which is an extra, with its figures.

    Args:
        otherwise: how to do without it.

    Raises:
        InputError: it is not installed.
    """
    try:
        import matplotlib as found
        import matplotlib.figure
    except ImportError:
        raise InputError(f"a picture needs matplotlib: pip install 'tfkgrec[plots]'{otherwise}") from None
    return found
