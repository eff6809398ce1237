"""The planted world: its best AUC is what it says, popularity is a floor, order and attributes matter."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import RawData
from tfkgrec.datasets.synthetic.world import WorldTruth, draw_world, expected_auc
from tfkgrec.protocols.ctr.split import split_ctr


@pytest.fixture(scope="module")
def world():
    return draw_world(seed=3)


@pytest.fixture(scope="module")
def pairs(world):
    """All labelled pairs of protocol ctr by row and column of the truth, with their labels and training popularity."""
    raw, truth = world
    dataset = assemble(raw, seed=0)
    splits = split_ctr(dataset, seed=0)
    parts = splits.train, splits.validation, splits.test
    user, item, label = (np.concatenate([getattr(p, name) for p in parts]) for name in ("user", "item", "label"))
    row = {raw_id: n for n, raw_id in enumerate(truth.users)}
    column = {raw_id: n for n, raw_id in enumerate(truth.items)}
    rows = [row[u] for u in dataset.users.decode(user)]
    columns = [column[i] for i in dataset.items.decode(item)]
    return rows, columns, label, splits.popularity[item]


def test_best_auc_is_reached_by_the_truth(world, pairs) -> None:
    _, truth = world
    rows, columns, label, popularity = pairs
    assert roc_auc_score(label, truth.log_odds[rows, columns]) == pytest.approx(truth.best_auc, abs=0.005)
    assert roc_auc_score(label, popularity) == pytest.approx(truth.popularity_auc, abs=0.01)


def test_log_odds_are_calibrated(world, pairs) -> None:
    """Among pairs with log-odds near x, a share sigmoid(x) is positive: no other score of a pair can rank better."""
    _, truth = world
    rows, columns, label, _ = pairs
    log_odds = truth.log_odds[rows, columns]
    for low in (-3, -2, -1, 0, 1, 2):
        near = (log_odds >= low) & (log_odds < low + 1)
        expected = np.mean(1 / (1 + np.exp(-log_odds[near])))
        assert np.mean(label[near]) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_sizes_and_figures(seed: int) -> None:
    raw, truth = draw_world(seed=seed)
    counts = raw.interactions.groupby("user").size()
    assert 0.88 < truth.best_auc < 0.92
    assert 0.6 < truth.popularity_auc < 0.75
    assert len(counts) == 600
    assert 25 < counts.mean() < 35
    assert (counts == 1).sum() >= 10
    assert raw.item_links["item"].nunique() == 400
    assert 2 <= np.sum(~raw.item_links["entity"].isin(raw.triples["head"])) <= 30


def test_order_matters(world) -> None:
    """The following genre comes next far more often than if the same films were shuffled."""
    raw, truth = world
    genre = dict(zip(truth.items, truth.genres, strict=True))
    rng = np.random.default_rng(0)
    share = {}
    for order in ("seen", "shuffled"):
        hits = []
        for _, rows in raw.interactions.sort_values("timestamp").groupby("user"):
            genres = rows["item"].map(genre).to_numpy()
            if order == "shuffled":
                genres = rng.permutation(genres)
            hits.extend(truth.following[genres[:-1]] == genres[1:])
        share[order] = np.mean(hits)
    assert share["seen"] > 2 * share["shuffled"]


def test_names_read_well(world) -> None:
    raw, _ = world
    assert raw.entity_names["film-12"] == "film 12"
    assert raw.entity_names["genre-noir"] == "noir"
    assert any(name.startswith("Ada ") for name in raw.entity_names.values())
    assert raw.relation_names["directed_by"] == "directed by"
    named = set(raw.entity_names)
    assert named.issuperset(raw.triples["head"]) and named.issuperset(raw.triples["tail"])


def test_timestamps_order_every_user(world) -> None:
    rows = world[0].interactions
    assert not rows.duplicated(["user", "timestamp"]).any()
    assert rows["timestamp"].is_monotonic_increasing


@pytest.mark.parametrize("users, items", [(2, 2), (5, 3), (40, 700)])
def test_small_and_lopsided_worlds(users: int, items: int) -> None:
    raw, truth = draw_world(users, items)
    counts = raw.interactions.groupby("user").size()
    assert len(counts) == users
    assert counts.max() <= max(1, items // 2)
    assert np.isfinite(truth.best_auc)
    assemble(raw, seed=0)


def test_expected_auc_by_hand() -> None:
    # user 0 takes film 0 (score 3), leaves 1 (score 1) and 2 (score 3), each drawn with weight 1/2;
    # user 1 takes film 1 (score 2), leaves 0 (score 2) and 2 (score 0).
    score = np.array([[3.0, 1, 3], [2, 2, 0]])
    taken = np.array([[True, False, False], [False, True, False]])
    # against score 3: 1 (1/2), 3 (tie), 2, 0 -> 1/2 + 1/4 + 1/2 + 1/2 of 2; against 2: 1, 2 (tie), 0 -> 1/2 + 1/4 + 1/2
    assert expected_auc(score, taken) == pytest.approx((1.75 + 1.25) / (2 * 2))


def test_what_counts_in_a_world_can_be_turned() -> None:
    """Without tastes popularity is all there is; without popularity it says little; attributes need not tell all."""
    _, popular = draw_world(300, 200, 20, taste_spread=0, popularity_spread=2)
    assert popular.popularity_auc == pytest.approx(popular.best_auc, abs=0.02)
    _, even = draw_world(300, 200, 20, popularity_spread=0)
    assert even.popularity_auc < 0.65 < even.best_auc
    told, untold = (_told_by_attributes(draw_world(300, 200, 20, untold=share)) for share in (0, 0.9))
    assert told > 0.9 > 0.7 > untold


def _told_by_attributes(drawn: tuple[RawData, WorldTruth]) -> float:
    """Share of the films' differences in taste's eyes that a linear fit on their attributes explains."""
    raw, truth = drawn
    wide = raw.triples[raw.triples["head"].isin(truth.items)].assign(one=1.0)
    table = wide.pivot_table(index="head", columns="tail", values="one", fill_value=0).reindex(truth.items).fillna(0)
    told = table.to_numpy().any(axis=1)
    liking = truth.log_odds[:, told]
    liking = liking - liking.mean(axis=1, keepdims=True)
    features = table.to_numpy()[told]
    fit = features @ np.linalg.lstsq(features, liking.T, rcond=1e-8)[0]
    return float(1 - ((liking.T - fit) ** 2).sum() / (liking**2).sum())


def test_a_film_is_what_its_attributes_add_and_taste_is_all_else_but_popularity() -> None:
    raw, truth = draw_world(60, 50, 10, seed=4)
    added = {film: np.zeros(truth.films.shape[1]) for film in raw.triples["head"].unique() if film in set(truth.items)}
    for head, relation, tail in raw.triples[["head", "relation", "tail"]].to_numpy():
        if head in added:
            added[head] += truth.characters[relation, tail]
    told = [column for column, film in enumerate(truth.items) if film in added]
    np.testing.assert_allclose([added[truth.items[column]] for column in told], truth.films[told], atol=1e-9)
    rest = truth.log_odds - truth.taste @ truth.films.T  # popularity of the film and a constant of the user
    np.testing.assert_allclose(rest - rest[:1] - rest[:, :1] + rest[0, 0], 0, atol=1e-9)
