"""What explanations link to: how recent, how popular, how varied (G. Balloccu et al. 2022, section 3; hopwise's terms).

Of the items recommended to a user, each explained by one thing of the history (the linking interaction) and, where the
explanation is a path, by what that has in common with the item (the shared entity):

    LIR   recency of the linking interactions, 1 the newest      LID   distinct linking interactions / items explained
    SEP   popularity of the shared entities, 1 the most popular  SED   distinct shared entities / items explained
    PTD   distinct kinds of paths / as many as there could be

Reading: the moving average behind LIR and SEP is that of hopwise: over n values in ascending order, with the smoothing
2 / (n + 1), each mean over the weights so far.

G. Balloccu, L. Boratto, G. Fenu, M. Marras, Post Processing Recommender Systems with Knowledge Graphs for Recency,
Popularity, and Diversity of Explanations, SIGIR 2022.
"""

import numpy as np
import pandas as pd


def standing(values: np.ndarray) -> np.ndarray:
    """Where each of values [n] stands among them, 0 the lowest and 1 the highest, after a moving average."""
    if len(values) < 2:
        return np.ones(len(values))
    order = np.argsort(values, kind="stable")
    ascending = np.arange(len(values)) if np.ptp(values) == 0 else values[order]
    mean = pd.Series(ascending.astype(float)).ewm(span=len(values)).mean().to_numpy()
    found = np.empty(len(values))
    found[order] = (mean - mean[0]) / (mean[-1] - mean[0])
    return found


def standing_by_kind(kind: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The same among values [n] of the same kind [n]."""
    found = np.empty(len(values))
    for one in np.unique(kind):
        found[kind == one] = standing(values[kind == one])
    return found


def diversity(ids: np.ndarray, most: int | None = None) -> float:
    """Distinct ids of ids [n] / n, or / `most` where there could be no more; NaN of none."""
    if not len(ids):
        return float("nan")
    return len(np.unique(ids)) / min(len(ids), most or len(ids))
