"""matplotlib, the one library that draws into a file without a display."""

from typing import Any

from tfkgrec.errors import InputError


def pyplot(otherwise: str = "") -> Any:
    """matplotlib, which is an extra.

    Args:
        otherwise: how to do without it.

    Raises:
        InputError: it is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        raise InputError(f"a picture needs matplotlib: pip install 'tfkgrec[plots]'{otherwise}") from None
    matplotlib.use("Agg")  # no display
    from matplotlib import pyplot as found

    return found
