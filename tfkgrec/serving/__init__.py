"""Export, serve and ask. `Client` and `AsyncClient` are here too, imported when first asked for."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfkgrec.serving.client import AsyncClient, Client, Tls

__all__ = ["AsyncClient", "Client", "Tls"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from tfkgrec.serving import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
