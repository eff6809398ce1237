"""The same client for asyncio: calls wait without a thread."""

from collections.abc import Iterable, Mapping

import grpc
import grpc.aio
import numpy as np
from numpy.typing import ArrayLike

from tfkgrec.client import errors
from tfkgrec.client.calls import LEAVE_ONE_OUT, Call, Calls, Conditions, Ids, Recommendations, Result
from tfkgrec.client.channel import Tls, channel_options, check_target


class AsyncClient:
    """`Client` with `await` before its calls; the same arguments, answers and errors.

        async with AsyncClient("localhost:8500", "dink") as client:
            await asyncio.gather(*(client.recommend([user]) for user in users))

    It belongs to the event loop that makes its first call.
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
        self._options = channel_options(retry, tls.server_name if tls else None)
        self._credentials = tls.credentials() if tls else None
        self._channel: grpc.aio.Channel | None = None

    async def recommend(self, users: Ids, k: int = 10) -> Recommendations:
        """See Client.recommend."""
        return await self._run(self._calls.recommend(users, k))

    async def recommend_for_history(self, histories: Iterable[Ids], k: int = 10) -> Recommendations:
        """See Client.recommend_for_history."""
        return await self._run(self._calls.recommend_for_history(histories, k))

    async def recommend_filtered(
        self, users: Ids, k: int = 10, exclude: Conditions = (), only: Conditions = ()
    ) -> Recommendations:
        """See Client.recommend_filtered."""
        return await self._run(self._calls.recommend_filtered(users, k, exclude, only))

    async def recommend_filtered_for_history(
        self, histories: Iterable[Ids], k: int = 10, exclude: Conditions = (), only: Conditions = ()
    ) -> Recommendations:
        """See Client.recommend_filtered_for_history."""
        return await self._run(self._calls.recommend_filtered_for_history(histories, k, exclude, only))

    async def rank(self, users: Ids, candidates: Iterable[Ids]) -> np.ndarray:
        """See Client.rank."""
        return await self._run(self._calls.rank(users, candidates))

    async def similar(self, items: Ids, k: int = 10) -> Recommendations:
        """See Client.similar."""
        return await self._run(self._calls.similar(items, k))

    async def score(self, users: Ids, items: Ids) -> np.ndarray:
        """See Client.score."""
        return await self._run(self._calls.score(users, items))

    async def explain(
        self, users: Ids, items: Ids, method: str = LEAVE_ONE_OUT, seed: int = 0
    ) -> dict[str, np.ndarray]:
        """See Client.explain."""
        return await self._run(self._calls.explain(users, items, method, seed))

    async def needed(self, users: Ids, items: Ids) -> dict[str, np.ndarray]:
        """See Client.needed."""
        return await self._run(self._calls.needed(users, items))

    async def advance(self, state: Mapping[str, ArrayLike], items: Ids, k: int = 10) -> Recommendations:
        """See Client.advance."""
        return await self._run(self._calls.advance(state, items, k))

    async def new_state(self, people: int = 1) -> dict[str, np.ndarray]:
        """See Client.new_state."""
        return await self._run(self._calls.new_state(people))

    async def predict(self, signature: str, inputs: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
        """See Client.predict."""
        return await self._run(self._calls.predict(signature, inputs))

    async def _run(self, call: Call[Result]) -> Result:
        try:
            reply = await self._open().unary_unary(call.path)(call.request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise errors.from_rpc(error, self.target, self.model, self.timeout) from None
        return call.read(reply)

    def _open(self) -> grpc.aio.Channel:
        if self._channel is None:  # here and not in __init__: a channel of grpc.aio needs the running loop
            if self._credentials is None:
                self._channel = grpc.aio.insecure_channel(self.target, self._options)
            else:
                self._channel = grpc.aio.secure_channel(self.target, self._credentials, self._options)
        return self._channel

    async def close(self) -> None:
        """Close the connection."""
        if self._channel is not None:
            await self._channel.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
