"""What a protocol counts as feedback, and how much of it users and items must have: on raw tables, before any id."""

import dataclasses

import numpy as np
import pandas as pd

from tfkgrec.data.records import RawData
from tfkgrec.errors import InputError


def every_rating_counts(raw: RawData) -> RawData:
    """For protocols that rank: whoever rated an item has touched it, whatever the rating."""
    return dataclasses.replace(raw, interactions=raw.interactions.assign(positive=True))


def k_core(raw: RawData, k: int) -> RawData:
    """Users and items with at least `k` interactions among themselves; an item that goes stays in the graph.

    Taken after linking: items without an entity are gone before anything is counted.

    Raises:
        InputError: nothing is left.
    """
    kept = _core(raw.interactions, k)
    if kept.empty:
        most = " and ".join(
            f"{raw.interactions[kind].value_counts().max():,} of one {kind}" for kind in ("user", "item")
        )
        found = f"found none among {len(raw.interactions):,}, at most {most}; a smaller one takes them"
        raise InputError(f"data.k_core: expected users and items with {k} interactions, {found}")
    links = raw.item_links[raw.item_links["item"].isin(kept["item"].unique())]
    users = raw.interactions["user"].nunique() - kept["user"].nunique()
    gone = (
        f"{len(raw.interactions) - len(kept):,} interactions, {users:,} users and {len(raw.item_links) - len(links):,}"
    )
    line = f"left out: {gone} items outside the {k}-core"
    return dataclasses.replace(
        raw,
        interactions=kept.reset_index(drop=True),
        item_links=links.reset_index(drop=True),
        report=(
            *raw.report,
            *([line] if len(kept) < len(raw.interactions) or len(links) < len(raw.item_links) else []),
        ),
    )


def _core(pairs: pd.DataFrame, k: int) -> pd.DataFrame:
    user, item = (pd.factorize(pairs[column])[0] for column in ("user", "item"))  # texts are slow to count
    kept = np.arange(len(pairs))
    while True:
        enough = np.ones(len(kept), bool)
        for code in (user, item):
            enough &= np.bincount(code[kept])[code[kept]] >= k
        if enough.all():
            return pairs.iloc[kept]
        kept = kept[enough]
