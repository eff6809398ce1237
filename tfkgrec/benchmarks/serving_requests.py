"""What the serving benchmark asks: one serialized request for each user, the same on every run."""

from collections.abc import Sequence

import numpy as np

from tfkgrec.client.calls import Calls

SIGNATURES = ("score", "score 100 pairs", "recommend", "recommend_for_history", "explain")
REQUESTS = 200
HISTORY = 10  # items of an unknown user


def requests(model: str, signature: str, users: Sequence[str], items: Sequence[str]) -> list[bytes]:
    """REQUESTS requests of one of SIGNATURES, about one user each."""
    rng, calls = np.random.default_rng(0), Calls(model)

    def some(texts: Sequence[str], count: int) -> list[str]:
        return [texts[place] for place in rng.integers(len(texts), size=count)]

    def one(user: str) -> bytes:
        match signature:
            case "score":
                return calls.score([user], some(items, 1)).request
            case "score 100 pairs":
                return calls.score([user] * 100, some(items, 100)).request
            case "recommend":
                return calls.recommend([user], 10).request
            case "recommend_for_history":
                return calls.recommend_for_history([some(items, HISTORY)], 10).request
            case "explain":
                return calls.explain([user], some(items, 1)).request
        raise ValueError(f"expected one of {', '.join(SIGNATURES)}, found {signature!r}")

    return [one(user) for user in some(users, REQUESTS)]
