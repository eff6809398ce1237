"""Any id in a file is the id that a run keeps and that its graph knows; no two become one on the way."""

import csv
import tempfile
from pathlib import Path

import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.odd_ids import ODD
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.own_files.read import read_files
from tfkgrec.runs.id_files import ENTITY_NAMES, ITEMS, USERS, line_of, line_of_0_1, read_texts, text_of, write_id_files
from tfkgrec.savedmodel.vocabularies import Vocabularies

IDS = st.lists(  # blanks around a field are none of an id, and what is blank is no id
    (st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(ODD)).map(str.strip).filter(bool),
    min_size=1,
    unique=True,
)


@settings(max_examples=40, deadline=None)
@given(users=IDS, items=IDS)
@example(users=ODD, items=ODD[::-1])
def test_ids_from_a_file_to_the_graph_of_an_export_and_back(users, items):
    rows = [(user, item) for user in users for item in items[:1]] + [
        (user, item) for user in users[:1] for item in items
    ]
    with tempfile.TemporaryDirectory() as folder:
        ratings, run = Path(folder) / "ratings.csv", Path(folder) / "run"
        with open(ratings, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("user", "item"), *rows])
        triples = Path(folder) / "triples.csv"
        with open(triples, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
                [("head", "relation", "tail"), (items[0], "is", "a thing")]
            )
        dataset = assemble(read_files(ratings, triples), seed=0)
        assert sorted(dataset.users.raw[1:]) == sorted(users)
        assert sorted(dataset.items.raw[1:]) == sorted(items)
        write_id_files(run, dataset, dataset.seen_items)
        for name, texts in (
            (USERS, dataset.users.raw),
            (ITEMS, dataset.items.raw),
            (ENTITY_NAMES, dataset.entity_names),
        ):
            assert read_texts(run / name) == texts[1:].tolist()
        vocabularies = Vocabularies(run)
        for known, encode in ((dataset.users.raw, vocabularies.users), (dataset.items.raw, vocabularies.items)):
            assert encode(tf.constant(known)).numpy().tolist() == list(range(len(known)))
        found = vocabularies.raw_items(tf.range(dataset.items.size)).numpy()
        assert [text.decode() for text in found] == dataset.items.raw.tolist()


@given(st.text(), st.text())
@example("a\x1fn", "a\n")
def test_no_two_texts_have_one_line(one, other):
    assert (line_of(one) == line_of(other)) == (one == other)
    assert text_of(line_of(one)) == one
    assert not set(line_of(one)) & set("\n\r\0")


@given(st.text(st.characters(codec="utf-8")))
def test_a_line_of_version_0_1_is_read_as_it_is(text):
    assert text_of(line_of_0_1(text)) == line_of_0_1(text)
