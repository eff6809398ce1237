"""The client for ordinary programs: a call returns with its answer."""

import grpc
import numpy as np

from tfkgrec.client import errors
from tfkgrec.client.calls import Call, Calls, Result
from tfkgrec.client.channel import Tls, channel_options, check_target
from tfkgrec.client.questions import Questions


class Client(Questions):
    """Calls one model's signatures on any TF Serving server, ours or the official one. Safe to share among threads.

        with Client("localhost:8500", "dink") as client:
            client.recommend(["196"], k=10).item_name[0]
            client.score(["196", "196"], ["50", "181"])

    Args:
        target: `host:port`.
        model: its name on the server.
        timeout: seconds a call may take in all, retries included.
        version, label: a fixed version, by number or by label; neither asks for the latest.
        tls: encrypt the connection; None: in the clear.
        retry: call again, with growing pauses, while no server answers.
        history_width: pad or cut every history to so many items. For a server that batches requests: it puts only
            histories of one width together, and refuses the others. None: as wide as the longest of the call.

    Ids are texts; whole numbers are taken for the texts that they are written as.

    Every call raises `RequestRefused` (NotFound, InvalidArgument, ...; an `InputError`, as for arguments that are wrong
    before anything is sent) for what the caller can mend, and `ServerError` (Unavailable, DeadlineExceeded, ...) when
    the server cannot be reached or fails.
    """

    def __init__(
        self,
        target: str,
        model: str,
        *,
        timeout: float = 5.0,
        version: int | None = None,
        label: str | None = None,
        tls: Tls | None = None,
        retry: bool = True,
        history_width: int | None = None,
    ):
        self.target, self.model, self.timeout, self.version = check_target(target), model, timeout, version
        self._calls = Calls(model, version, label, history_width)
        options = channel_options(retry, tls.server_name if tls else None)
        if tls is None:
            self._channel = grpc.insecure_channel(target, options)
        else:
            self._channel = grpc.secure_channel(target, tls.credentials(), options)

    def new_state(self, people: int = 1) -> dict[str, np.ndarray]:
        """The state of people of whom nothing is known yet, for `advance`."""
        return self._run(self._calls.new_state(people))

    def _run(self, call: Call[Result]) -> Result:
        try:
            reply = self._channel.unary_unary(call.path)(call.request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise errors.from_rpc(error, self.target, self.model, self.timeout) from None
        return call.read(reply)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
