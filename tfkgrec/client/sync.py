"""The client for ordinary programs: a call returns with its answer."""

from collections.abc import Iterable, Mapping

import grpc
import numpy as np
from numpy.typing import ArrayLike

from tfkgrec.client import errors
from tfkgrec.client.calls import Call, Calls, Ids, Recommendations, Result
from tfkgrec.client.channel import Tls, channel_options, check_target


class Client:
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

    def recommend(self, users: Ids, k: int = 10) -> Recommendations:
        """The best items for each user [B], those of their history left out; `known`: the users the model has.

        An export ranks a fixed number of items: at most that many come, whatever `k`.
        """
        return self._run(self._calls.recommend(users, k))

    def recommend_for_history(self, histories: Iterable[Ids], k: int = 10) -> Recommendations:
        """The best `k` items for B people known by the items they liked, oldest first; lengths may differ.

        `known` counts the items of each history that the model has.
        """
        return self._run(self._calls.recommend_for_history(histories, k))

    def score(self, users: Ids, items: Ids) -> np.ndarray:
        """Probability [B] float32 that each user likes the item beside them."""
        return self._run(self._calls.score(users, items))

    def explain(self, users: Ids, items: Ids) -> dict[str, np.ndarray]:
        """All outputs of the model's `explain` signature for B pairs; strings as str objects."""
        return self._run(self._calls.explain(users, items))

    def advance(self, state: Mapping[str, ArrayLike], items: Ids, k: int = 10) -> Recommendations:
        """B people, each in a state, have taken one more item each: what to recommend now, and their next state.

        For sequence models. `state` is that of the last answer, of any of the three, or of `new_state`; the server
        keeps none. `known`: whether the model has the item; one that it has not changes nothing.
        """
        return self._run(self._calls.advance(state, items, k))

    def new_state(self, people: int = 1) -> dict[str, np.ndarray]:
        """The state of people of whom nothing is known yet, for `advance`."""
        return self._run(self._calls.new_state(people))

    def predict(self, signature: str, inputs: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
        """Call any signature; its outputs by name."""
        return self._run(self._calls.predict(signature, inputs))

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
