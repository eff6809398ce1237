"""Ranking metrics of lists from the ranks of their positives, as expectations over random tie-breaking.

All protocols share this file, whether they rank the catalogue or one positive among a hundred: only ranks arrive here.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.evaluation.metric import registered_metrics
from tfkgrec.evaluation.ranks import Ranks

CUTOFFS = (1, 2, 5, 10, 20, 50, 100)


def list_metrics(ranks: Ranks, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, np.ndarray]:
    """`ranking_metrics`, and after them the metrics that other packages register: float64 [G] each.

    Raises:
        InputError: a registered metric that has the name of one of ours, or gives no number.
    """
    metrics = ranking_metrics(ranks, cutoffs)
    for metric in registered_metrics():
        if metric.key in metrics:
            raise InputError(f"metric {metric.key}: expected a name that is not taken, found one of tfkgrec's own")
        metrics[metric.key] = metric.of_lists(ranks)
    return metrics


def ranking_metrics(ranks: Ranks, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, np.ndarray]:
    """Precision, recall, F1, NDCG and hit at each cutoff, MRR (first hit) and MAP, for each list.

    Exact expectations when ties are broken at random; without ties the textbook values (binary gains).
    A tie group is m candidates with one score on the places o..p (m = p - o + 1), t of them positives:

        hits@k = t/m * |places <= k|
        dcg@k  = t/m * sum of 1 / log2(1 + r) over its places r <= k
        ap     = t/m * sum over its places r of (1 + c + (t-1)/(m-1) (r-o)) / r,   c = positives in better groups

    summed over a list's groups, and from the best group that holds a positive:

        P(no hit on its first s places) = C(m-t, s) / C(m, s)      -> hit@k
        P(first hit on its place s)     = C(m-s, t-1) / C(m, t)    -> mrr

    Args:
        ranks: P positives of G lists; every list has at least one.
        cutoffs: the k's. Precision divides by k, also where a list is shorter than k.

    Returns:
        "precision@k", "recall@k", "f1@k", "ndcg@k", "hit@k" for each k, then "mrr" and "map": float64 [G] each.

    Reference:
        McSherry and Najork, "Computing information retrieval performance measures efficiently in the presence of tied
        scores", ECIR 2008.
    """
    # In one piece, long as it is: the letters are those of the equations above.
    n = np.bincount(ranks.row, minlength=ranks.num_rows)  # [G] positives per list
    row, o, p, m, t, c = _tie_groups(ranks, n)
    best, last = np.flatnonzero(c == 0), int(p.max())  # [G], each list's best group; the last place of all

    def per_list(of_group: np.ndarray) -> np.ndarray:
        return np.bincount(row, of_group, minlength=ranks.num_rows)  # [G]

    discount = _running_sum(1 / np.log2(np.arange(2, max(cutoffs) + 2)))
    log_factorial = _running_sum(np.log(np.arange(1, last + 1)))
    metrics: dict[str, np.ndarray] = {}
    for k in cutoffs:
        inside = np.clip(k - o + 1, 0, m)  # [groups], places <= k
        hits = per_list(t / m * inside)
        gain = per_list(t / m * (discount[np.minimum(p, k)] - discount[np.minimum(o - 1, k)]))
        drawn = inside[best]
        miss = _log_choose((m - t)[best], drawn, log_factorial) - _log_choose(m[best], drawn, log_factorial)
        metrics[f"precision@{k}"] = hits / k
        metrics[f"recall@{k}"] = hits / n
        metrics[f"f1@{k}"] = 2 * hits / (k + n)  # 2PR / (P + R): linear in the hits, so ties cost nothing
        metrics[f"ndcg@{k}"] = gain / discount[np.minimum(n, k)]
        metrics[f"hit@{k}"] = 1 - np.exp(miss)
    metrics["mrr"] = _reciprocal_of_first_hit(o[best], m[best], t[best], log_factorial)

    harmonic = _running_sum(1 / np.arange(1, last + 1))
    h = harmonic[p] - harmonic[o - 1]  # [groups], sum of 1/r over the places
    crowding = (t - 1) / np.maximum(m - 1, 1)
    metrics["map"] = per_list(t / m * ((1 + c) * h + crowding * (m - o * h))) / n
    return metrics


class _TieGroups(NamedTuple):
    """The tie groups that hold a positive, list by list, best group first; int64 [groups] each, letters as above."""

    row: np.ndarray  # its list
    o: np.ndarray
    p: np.ndarray
    m: np.ndarray
    t: np.ndarray
    c: np.ndarray


def _tie_groups(ranks: Ranks, n: np.ndarray) -> _TieGroups:
    """Group the positives of each list, n [G] of them, by their score."""
    if np.any(n == 0):
        raise ValueError(
            f"every list should have a positive. Received {np.sum(n == 0):,} of {len(n):,} lists without one"
        )
    base = int(ranks.pessimistic.max()) + 1
    key, member, t = np.unique(ranks.row * base + ranks.optimistic, return_index=True, return_counts=True)
    row, o = np.divmod(key, base)
    p = ranks.pessimistic[member]
    return _TieGroups(row, o, p, p - o + 1, t, np.cumsum(t) - t - (np.cumsum(n) - n)[row])


def _reciprocal_of_first_hit(o: np.ndarray, m: np.ndarray, t: np.ndarray, log_factorial: np.ndarray) -> np.ndarray:
    """Expected 1 / rank of the first of t positives spread at random over m places from o on: float64 [G]."""
    places = m - t + 1  # [G], where the first one can be
    row = np.repeat(np.arange(len(m)), places)  # [sum of places]
    s = np.arange(len(row)) - np.repeat(np.cumsum(places) - places, places) + 1  # 1, 2, .. within each row
    log_first = _log_choose(m[row] - s, t[row] - 1, log_factorial) - _log_choose(m, t, log_factorial)[row]
    return np.bincount(row, np.exp(log_first) / (o[row] + s - 1), minlength=len(m))


def _log_choose(a: np.ndarray, b: np.ndarray, log_factorial: np.ndarray) -> np.ndarray:
    """log C(a, b), elementwise for a, b >= 0; -inf where b > a."""
    value = log_factorial[a] - log_factorial[b] - log_factorial[np.maximum(a - b, 0)]
    return np.where(b <= a, value, -np.inf)


def _running_sum(terms: np.ndarray) -> np.ndarray:
    """[r] = sum of the first r terms, from r = 0."""
    return np.concatenate([[0.0], np.cumsum(terms)])
