"""Whether two scorers that were judged on the same splits differ: over seeds, and over the users of one split."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from scipy import stats

RESAMPLES = 1000
_CELLS_AT_ONCE = 1 << 18


def p_over_seeds(first: np.ndarray, second: np.ndarray) -> float | None:
    """Two-sided p of the paired t test over seeds [n]; None with fewer than two.

    Seeds draw splits and weights anew, so this asks whether the difference would show on other splits too.
    """
    gaps = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if len(gaps) < 2:
        return None
    spread = np.std(gaps, ddof=1)
    if spread == 0:
        return 1.0 if gaps[0] == 0 else 0.0
    t = np.mean(gaps) / (spread / np.sqrt(len(gaps)))
    return float(2 * stats.t.sf(abs(t), len(gaps) - 1))


def p_of_draws(draws: np.ndarray) -> float:
    """Two-sided p of "no difference" from resampled differences [B]: twice the smaller tail, itself counted in."""
    below, above = (1 + np.sum(draws <= 0)) / (len(draws) + 1), (1 + np.sum(draws >= 0)) / (len(draws) + 1)
    return float(min(1.0, 2 * min(below, above)))


def resampled_auc_gaps(
    user: np.ndarray,
    label: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> np.ndarray:
    """Differences in AUC of two scorers of the same pairs when whole users are drawn with replacement.

    A pair counts as often as its user was drawn, so that every resample's AUC is exact: scores are sorted once, and

        AUC = sum over positives p of w_p (W(below p) + W(tied with p) / 2) / (W+ W-)

    with the weights W of negatives from running sums.

    Args:
        user, label, first, second: [n]; positive where label > 0.

    Returns:
        float64 [resamples], first less second.
    """
    users, row = np.unique(user, return_inverse=True)
    positive = label > 0
    aucs = [_weighted_auc(row, positive, np.asarray(score, np.float64)) for score in (first, second)]
    gaps = []
    for weight in _draws(len(users), resamples, len(user), rng):
        one, other = (auc(weight) for auc in aucs)
        gaps.append(one - other)
    return np.concatenate(gaps)


def resampled_mean_gaps(
    first: np.ndarray, second: np.ndarray, rng: np.random.Generator, resamples: int = RESAMPLES
) -> np.ndarray:
    """Differences in the mean of a figure of every user [n] when users are drawn with replacement: [resamples]."""
    gap = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    return np.concatenate([weight @ gap / len(gap) for weight in _draws(len(gap), resamples, len(gap), rng)])


def interval_of(draws: np.ndarray) -> tuple[float, float]:
    """95% of the resampled differences [B] lie in it."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return round(float(low), 5), round(float(high), 5)


def resampled_gaps(
    first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray], figure: str, rng: np.random.Generator
) -> np.ndarray | None:
    """Resampled differences of two runs, out of their test_scores.npz; None where the two were not asked the same.

    Args:
        figure: its name in metrics.json, "test.auc" or one that is a mean over users.
    """
    name = figure.removeprefix("test.")
    asked = ("user", "item", "label") if name == "auc" else ("user",)
    wanted = (*asked, "score") if name == "auc" else (*asked, name)
    if any(key not in scores for key in wanted for scores in (first, second)):
        return None
    if not all(np.array_equal(first[key], second[key]) for key in asked):
        return None
    if name == "auc":
        return resampled_auc_gaps(first["user"], first["label"], first["score"], second["score"], rng)
    return resampled_mean_gaps(first[name], second[name], rng)


def _draws(users: int, resamples: int, pairs: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each user was drawn, float64 [some resamples, users]; all of them together are `resamples`."""
    step = max(1, _CELLS_AT_ONCE // max(pairs, users))
    for first in range(0, resamples, step):
        some = min(step, resamples - first)
        drawn = rng.integers(0, users, (some, users)) + users * np.arange(some)[:, None]
        yield np.bincount(drawn.ravel(), minlength=some * users).reshape(some, users).astype(np.float64)


def _weighted_auc(row: np.ndarray, positive: np.ndarray, score: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """AUC [B] of weights [B, users]; what needs no weights is worked out once."""
    order = np.argsort(score[~positive], kind="stable")
    rival, rival_row = score[~positive][order], row[~positive][order]
    order = np.argsort(score[positive], kind="stable")  # so that memory is read from one end to the other
    own, own_row = score[positive][order], row[positive][order]
    low, high = (np.searchsorted(rival, own, side=side) for side in ("left", "right"))
    some_tie = not np.array_equal(low, high)

    def auc(weight: np.ndarray) -> np.ndarray:
        below = np.zeros((len(weight), len(rival) + 1))
        np.cumsum(weight[:, rival_row], axis=1, out=below[:, 1:])
        times = weight[:, own_row]
        wins = np.einsum("bp,bp->b", times, below[:, low])
        if some_tie:
            wins = (wins + np.einsum("bp,bp->b", times, below[:, high])) / 2
        found: np.ndarray = wins / (times.sum(axis=1) * below[:, -1])
        return found

    return auc
