"""A synthetic world: films, people and tastes that are known, and with them the best possible AUC.

Users have a taste, attributes (genres, directors, actors) a character, and a film is what its attributes are. A user
takes each film independently with

    log-odds = taste . film + popularity of the film + a constant of the user

and then sees the chosen films one after another: after a film of one genre, its following genre is the likeliest. The
graph tells the attributes of the films. So the log-odds alone decide what is a positive, and no score of a user and a
film does better than they do; the order holds what a sequential model can learn, which of the films comes next.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfkgrec.data.records import RawData
from tfkgrec.datasets.synthetic.films import CHARACTER_SIZE, GENRES, RELATION_NAMES, draw_films

ORDER_STRENGTH = 2.5  # log-odds of the following genre against another one
SHARE_OF_SINGLE_USERS = 0.05  # users with one positive
DAY = 86_400  # seconds


@dataclass(frozen=True)
class WorldTruth:
    """What no model is told.

    Attributes:
        best_auc: AUC of the generating score on the positives against the protocol's negatives (as many as a user has
            positives, uniform over the films that the user has not taken), in expectation over their draw.
        popularity_auc: the same for a score that knows how popular each film is and nothing else.
        log_odds: float64 [users, items], the generating score: log-odds of positive against negative among the
            protocol's pairs of a user.
        users, items: raw ids of its rows and columns.
        taste, films: float64 [users, c] and [items, c]; their product is what taste gives to the log-odds.
        characters: (relation, attribute) -> what it adds to the vector of a film that has it [c].
        genres: first genre of each film, int [items]; `following[g]` is the genre that tends to come after g.
    """

    best_auc: float
    popularity_auc: float
    log_odds: np.ndarray
    users: np.ndarray
    items: np.ndarray
    taste: np.ndarray
    films: np.ndarray
    characters: dict[tuple[str, str], np.ndarray]
    genres: np.ndarray
    following: np.ndarray


def draw_world(  # long, as every argument has its line
    users: int = 600,
    items: int = 400,
    positives_per_user: float = 30,
    taste_spread: float = 2.3,
    popularity_spread: float = 0.8,
    untold: float = 0.0,
    *,
    seed: int = 0,
) -> tuple[RawData, WorldTruth]:
    """Draw a world.

    Args:
        users, items: sizes.
        positives_per_user: mean number of positives; single users have a half to twice as many, some exactly one.
        taste_spread, popularity_spread: standard deviations of the log-odds from tastes, and from popularity.
        untold: share of a film's character that its attributes do not give it.
        seed: everything follows from it.
    """
    rng = np.random.default_rng([seed, 2])
    item_ids = np.array([f"film-{number}" for number in range(1, items + 1)], dtype=object)
    user_ids = np.array([f"user-{number}" for number in range(1, users + 1)], dtype=object)
    films = draw_films(item_ids, rng, untold)

    taste = taste_spread * rng.normal(size=(users, CHARACTER_SIZE))
    popularity = popularity_spread * rng.normal(size=items)
    liking = taste @ films.vectors.T + popularity  # [users, items]
    sizes = np.clip(positives_per_user * rng.lognormal(-0.1, 0.45, users), 1, items / 2)
    sizes[rng.random(users) < SHARE_OF_SINGLE_USERS] = 1
    liking += _user_constants(liking, sizes)[:, None]
    taken = _draw_taken(liking, sizes == 1, rng)

    following = np.roll(np.arange(len(GENRES)), -1)
    user, item, time = _watch(taken, films.genres, following, rng)
    interactions = pd.DataFrame({"user": user_ids[user], "item": item_ids[item], "positive": True, "timestamp": time})

    # Among the protocol's pairs a user has as many negatives as positives, whatever the share of positives was.
    log_odds = liking - np.log(sizes / (items - sizes))[:, None]
    popularity_score = np.broadcast_to(_probability(liking).mean(axis=0), taken.shape)
    truth = WorldTruth(
        best_auc=expected_auc(log_odds, taken),
        popularity_auc=expected_auc(popularity_score, taken),
        log_odds=log_odds,
        users=user_ids,
        items=item_ids,
        taste=taste,
        films=films.vectors,
        characters=films.characters,
        genres=films.genres,
        following=following,
    )
    links = pd.DataFrame({"item": item_ids, "entity": item_ids})
    return RawData("synthetic", interactions, films.triples, links, films.names, RELATION_NAMES), truth


def expected_auc(score: np.ndarray, taken: np.ndarray) -> float:
    """AUC over all pairs of protocol ctr, in expectation over its negatives; ties count half.

    Args:
        score: [users, items].
        taken: bool [users, items]; every user has a positive and a negative.
    """
    counts = taken.sum(axis=1, keepdims=True)
    weights = np.where(taken, 0.0, counts / (taken.shape[1] - counts))  # expected draws of each pair as a negative
    _, place = np.unique(score, return_inverse=True)
    positive = np.bincount(place.ravel(), taken.ravel())
    negative = np.bincount(place.ravel(), weights.ravel())
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / (positive.sum() * negative.sum()))


def _user_constants(liking: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Per user the constant that makes the expected number of positives `sizes`, by bisection."""
    low, high = np.full(len(sizes), -30.0), np.full(len(sizes), 30.0)
    for _ in range(25):
        middle = (low + high) / 2
        too_many = _probability(liking + middle[:, None]).sum(axis=1) > sizes
        low, high = np.where(too_many, low, middle), np.where(too_many, middle, high)
    constants: np.ndarray = (low + high) / 2
    return constants


def _probability(log_odds: np.ndarray) -> np.ndarray:
    probability: np.ndarray = 1 / (1 + np.exp(-log_odds))
    return probability


def _draw_taken(liking: np.ndarray, single: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """bool [users, items]; exactly one film for single users, at least one and at most half of the films for all."""
    taken = rng.random(liking.shape) < _probability(liking)
    one = single | ~taken.any(axis=1)
    first = np.argmax(liking + rng.gumbel(size=liking.shape), axis=1)  # a draw in proportion to the odds
    taken[one] = first[one, None] == np.arange(liking.shape[1])
    lot = np.argsort(np.argsort(np.where(taken, rng.random(taken.shape), 2), axis=1), axis=1)
    taken &= lot < max(1, taken.shape[1] // 2)  # the protocol needs as many negatives
    return taken


def _watch(
    taken: np.ndarray, genres: np.ndarray, following: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put every user's films in order: the genre that follows the last one's is preferred.

    Returns:
        user, item, timestamp int64 [positives], oldest first.
    """
    counts = taken.sum(axis=1)
    left = np.arange(counts.max()) < counts[:, None]  # [users, longest], films still to be seen
    films = np.zeros(left.shape, np.int64)
    films[left] = np.nonzero(taken)[1]
    seen, times = np.zeros_like(films), np.zeros_like(films)
    everyone, wanted = np.arange(len(taken)), rng.integers(len(following), size=len(taken))
    clock = 1_600_000_000 + rng.integers(365 * DAY, size=len(taken))
    for turn in range(left.shape[1]):
        attraction = ORDER_STRENGTH * (genres[films] == wanted[:, None]) + rng.gumbel(size=films.shape)
        choice = np.where(left, attraction, -np.inf).argmax(axis=1)
        seen[:, turn] = films[everyone, choice]
        times[:, turn] = clock
        left[everyone, choice] = False
        wanted = following[genres[seen[:, turn]]]
        clock = clock + 1 + rng.exponential(DAY, size=len(taken)).astype(np.int64)
    user, step = np.nonzero(np.arange(left.shape[1]) < counts[:, None])
    order = np.argsort(times[user, step], kind="stable")
    user, step = user[order], step[order]
    return user, seen[user, step], times[user, step]
