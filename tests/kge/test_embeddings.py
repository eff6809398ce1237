"""Saved vectors find their rows again under another numbering, and are refused where they do not belong."""

import dataclasses

import numpy as np
import pytest

from tfkgrec.data.assemble import assemble
from tfkgrec.data.history import History
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import TABLES, PretrainedEmbeddings, split_fingerprint
from tfkgrec.protocols.ctr.split import split_ctr

RAW = draw_world(users=30, items=25, positives_per_user=6, seed=0)[0]
DATASET = assemble(RAW, 0)
HISTORY = split_ctr(DATASET, 0).train_history


def named(dataset, which: str) -> np.ndarray:
    """A table whose row tells the raw id, so that a shuffled row shows."""
    ids = getattr(dataset, TABLES[which])
    values = [float(sum(map(ord, raw)) + 1000 * len(raw) + hash_of(raw)) if raw else 0.0 for raw in ids.raw]
    return np.stack([values, np.zeros(ids.size)], axis=1).astype(np.float32)


def hash_of(raw: str) -> int:
    value = 0
    for letter in raw:
        value = (value * 31 + ord(letter)) % 9973
    return value


def vectors(*which: str) -> PretrainedEmbeddings:
    return PretrainedEmbeddings(**{name: named(DATASET, name) for name in which}, figures={"mrr": 0.25})


def all_positives(dataset) -> History:
    """All positives as training positives, in the dataset's own numbering."""
    positives = dataset.interactions.positives
    order = np.argsort(positives.user, kind="stable")
    lengths = np.bincount(positives.user, minlength=dataset.users.size)
    return History(positives.item[order], np.concatenate([[0], np.cumsum(lengths)]))


def test_there_and_back(tmp_path):
    kept = vectors("entity", "relation", "item", "user")
    kept.save(tmp_path / "new folder/v.npz", DATASET, HISTORY)
    found = PretrainedEmbeddings.load(tmp_path / "new folder/v.npz", DATASET, HISTORY)
    for name in TABLES:
        assert np.array_equal(getattr(found, name), getattr(kept, name))
        assert getattr(found, name).dtype == np.float32
    assert found.figures == {"mrr": 0.25}
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["v.npz"]


def test_what_was_not_trained_is_none(tmp_path):
    vectors("entity").save(tmp_path / "v.npz", DATASET, HISTORY)
    found = PretrainedEmbeddings.load(tmp_path / "v.npz", DATASET, HISTORY)
    assert found.relation is found.item is found.user is None


def test_another_seeds_numbering_gets_its_own_rows(tmp_path):
    other = assemble(RAW, 1)
    assert not np.array_equal(other.entities.raw, DATASET.entities.raw)
    vectors("entity", "relation").save(tmp_path / "v.npz", DATASET, HISTORY)
    found = PretrainedEmbeddings.load(tmp_path / "v.npz", other, split_ctr(other, 1).train_history)
    assert np.array_equal(found.entity, named(other, "entity"))
    assert np.array_equal(found.relation, named(other, "relation"))


def test_item_vectors_go_with_the_same_training_positives_under_any_numbering(tmp_path):
    other = assemble(RAW, 1)
    vectors("item", "user").save(tmp_path / "v.npz", DATASET, all_positives(DATASET))
    found = PretrainedEmbeddings.load(tmp_path / "v.npz", other, all_positives(other))
    assert np.array_equal(found.item, named(other, "item")) and np.array_equal(found.user, named(other, "user"))


def test_item_vectors_of_another_split_are_refused(tmp_path):
    other = assemble(RAW, 1)
    vectors("item").save(tmp_path / "v.npz", DATASET, HISTORY)
    for dataset, history in (
        (DATASET, split_ctr(DATASET, 1).train_history),
        (other, split_ctr(other, 1).train_history),
    ):
        with pytest.raises(InputError, match=r"v\.npz: expected item vectors learned from this split's training"):
            PretrainedEmbeddings.load(tmp_path / "v.npz", dataset, history)


def test_the_fingerprint_is_of_the_set_of_pairs():
    history = all_positives(DATASET)
    items, lengths, owner = history.items, history.lengths, history.users()

    def fingerprint(items: np.ndarray) -> str:
        return split_fingerprint(DATASET, History(items, history.offsets))

    assert fingerprint(items[np.lexsort((-items, owner))]) == fingerprint(items)
    changed = items.copy()
    changed[0] = next(i for i in range(1, DATASET.items.size) if i not in items[: lengths[owner[0]]])
    assert fingerprint(changed) != fingerprint(items)
    swapped = np.flatnonzero(owner != owner[0])[0]  # the same users and items as often, but not together
    changed = items.copy()
    changed[0], changed[swapped] = items[swapped], items[0]
    assert fingerprint(changed) != fingerprint(items)


def test_vectors_of_another_dataset_are_refused(tmp_path):
    vectors("entity").save(tmp_path / "v.npz", DATASET, HISTORY)
    larger = assemble(draw_world(users=30, items=26, positives_per_user=6, seed=0)[0], 0)
    with pytest.raises(InputError, match=r"v\.npz: expected vectors of the \d+ entities of synthetic, found \d+ "):
        PretrainedEmbeddings.load(tmp_path / "v.npz", larger, split_ctr(larger, 0).train_history)
    raw = DATASET.entities.raw.copy()
    raw[3] = "somebody else"
    renamed = dataclasses.replace(DATASET, entities=dataclasses.replace(DATASET.entities, raw=raw))
    with pytest.raises(InputError, match="entity 'somebody else' is not among them"):
        PretrainedEmbeddings.load(tmp_path / "v.npz", renamed, HISTORY)


def test_relations_with_inverses_are_another_dataset(tmp_path):
    vectors("relation").save(tmp_path / "v.npz", DATASET, HISTORY)
    both_ways = assemble(RAW, 0, inverse_relations=True)
    with pytest.raises(InputError, match="relation 'inverse .*' is not among them"):
        PretrainedEmbeddings.load(tmp_path / "v.npz", both_ways, split_ctr(both_ways, 0).train_history)


def test_no_file_a_damaged_one_or_another_kind_is_refused_in_one_line(tmp_path):
    path = tmp_path / "v.npz"
    vectors("entity").save(path, DATASET, HISTORY)
    whole = path.read_bytes()
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "newer.npz", format=np.array(99))
    contents = {
        "found none": None,
        "found another or a damaged one": [whole[: len(whole) // 2], b"", b"hello, this is text\n"],
        "found another": [(tmp_path / "other.npz").read_bytes(), (tmp_path / "newer.npz").read_bytes()],
    }
    for found, variants in contents.items():
        for content in variants or [None]:
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
            with pytest.raises(InputError) as error:
                PretrainedEmbeddings.load(path, DATASET, HISTORY)
            wanted = "expected a file of vectors (tfkgrec pretrain, format 1)"
            assert str(error.value) == f"{path}: {wanted}, {found}"
