"""Explanations as pictures: what is drawn, what it says of itself, what cannot be drawn."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from tfkgrec.errors import InputError
from tfkgrec.pictures.explanation import check_kind, draw_explanation
from tfkgrec.pictures.panels import MOST_BARS

pytest.importorskip("matplotlib")


def words(*values):
    return np.array([values], object)


OUTPUTS = {
    "probability": np.array([0.83]),
    "item_name": np.array(["film 12 $x$"], object),
    "history_item": words("7", "9", ""),
    "history_name": words("a $9 film & more", "", ""),
    "contribution": np.array([[0.5, -0.25, 0.0]]),
    "item_weight": np.array([[0.4, 0.6, 0.0]]),
    "top_item": words("9", "7", ""),
    "top_fact_relation": np.array([[["genre", ""], ["genre", "director"], ["", ""]]], object),
    "top_fact_entity": np.array([[["war", ""], ["noir", "Ada L."], ["", ""]]], object),
    "top_fact_contribution": np.array([[[0.125, 0.0], [0.0625, -0.375], [0.0, 0.0]]]),
    "fact_relation": words("genre", "genre", "director"),
    "fact_entity": words("noir", "noir", "Ada L."),
    "fact_contribution": np.array([[0.1, 0.2, -0.4]]),
    "field_relation": words("genre", "director", "country"),
    "query_distribution": np.array([[0.2, 0.8, 0.0]]),
    "target_distribution": np.array([[1.0, 0.0, 0.0]]),
    "field_match": np.array([[[0.2, 0.0, 0.0], [0.8, 0.0, 0.0], [0.0, 0.0, 0.0]]]),
    "explained_by": np.array(["hkrm"], object),
}


def texts(file):
    """All that an SVG says, in its texts and of itself."""
    return [element.text.strip() for element in ElementTree.parse(file).iter() if element.text and element.text.strip()]


def test_bars_with_their_names_and_figures_and_the_words_for_who_cannot_see(tmp_path):
    draw_explanation(tmp_path / "why.svg", OUTPUTS, "196", "12", "film 12 because you liked:\n  +0.50 a film")
    found = texts(tmp_path / "why.svg")
    assert {"a $9 film & more  (40%)", "9  (60%)", "+0.50", "-0.25"} <= set(found)
    assert {"genre noir", "+0.30", "director Ada L.", "-0.40"} <= set(found)
    assert {"its director Ada L.", "-0.38", "its genre noir", "+0.06", "its genre war", "+0.12"} <= set(found)
    assert "film 12 $x$ for 196: 0.83" in found and "country" not in found
    assert {"0.20", "0.80"} <= set(found)  # where two fields meet
    drawing = ElementTree.parse(tmp_path / "why.svg").getroot()
    assert drawing.get("role") == "img" and drawing[0].tag.endswith("title")
    assert drawing[1].tag.endswith("desc") and drawing[1].text == "film 12 because you liked:\n  +0.50 a film"


def drawn(file, **more):
    """What a picture of a model's own outputs says."""
    about = {name: OUTPUTS[name] for name in ("probability", "item_name")}
    draw_explanation(file, {**about, **more}, "196", "12", "")
    return texts(file)


def test_the_heaviest_triples_of_every_hop_as_a_graph(tmp_path):
    hops = lambda *rows: np.array([rows], object)  # noqa: E731
    found = drawn(
        tmp_path / "why.svg",
        ripple_attention=np.array([[[0.7, 0.3, 0.0], [0.1, 0.0, 0.9]]]),
        ripple_seed_item=hops(["7", "9", ""], ["7", "9", "9"]),
        ripple_seed_name=hops(["film 7", "", ""], ["film 7", "", ""]),
        ripple_head_entity=hops(["film 7", "film 9", "x"], ["Ada L.", "war", "noir"]),
        ripple_relation=hops(["director", "genre", "no"], ["director of", "no", "genre of"]),
        ripple_tail_entity=hops(["Ada L.", "war", "no"], ["film 3", "no", "film 4"]),
    )
    assert {"you liked", "1 step on", "2 steps on"} <= set(found)
    assert {"director 70%", "genre 30%", "director of 10%", "genre of 90%"} <= set(found)
    assert {"film 7", "item 9", "Ada L.", "war", "noir", "film 3", "film 4"} <= set(found)
    assert not {"no", "x", "no 0%"} & set(found)


def test_paths_as_a_graph_those_through_the_same_node_once(tmp_path):
    found = drawn(
        tmp_path / "why.svg",
        first_item=words("7", "9", "7", ""),
        first_name=words("film 7", "film 9", "film 7", ""),
        first_relation=words("director", "director", "", ""),
        middle_entity=words("Ada L.", "Ada L.", "", ""),
        last_relation=words("writer", "writer", "", ""),
        path_weight=np.array([[0.5, 0.2, 0.3, 0.0]]),
        fact_relation=words("writer", "writer", "", ""),
        fact_entity=words("Ada L.", "Ada L.", "", ""),
        fact_contribution=np.array([[0.5, -0.25, 0.125, 0.0]]),
    )
    assert {"you took", "in common", "recommended", "others who took it", "film 12 $x$"} <= set(found)
    assert {"writer +0.25", "+0.12"} <= set(found)  # two paths end in the same edge, which is drawn once
    assert found.count("Ada L.") == 1 and found.count("film 7") == 1


def test_attributes_over_time_and_the_values_of_two_moments(tmp_path):
    found = drawn(
        tmp_path / "why.svg",
        history_item=words("7", "8", "9"),
        history_name=words("", "", ""),
        step_weight=np.array([[[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]]),
        attribute_relation=words("genre", "director"),
        attribute_weight=np.array([[0.2, 0.8]]),
        value_entity=np.array([[["noir", "war"], ["Ada L.", ""]]], object),
        earlier_value_entity=np.array([[["war", "drama"], ["Sami I.", ""]]], object),
        earlier_step=np.array([1]),
    )
    assert {"director (80%): the values it is nearest to", "genre (20%): the values it is nearest to"} <= set(found)
    assert {"1  noir", "2  war", "war  1", "drama  2", "1  Ada L.", "Sami I.  1"} <= set(found)
    assert found.count("I") == found.count("II") == 3  # over the shades, and over each of the two


def test_a_long_history_shows_its_greatest(tmp_path):
    many = {**OUTPUTS, "history_item": words(*map(str, range(1, 31))), "history_name": words(*["x" * 60] * 30)}
    many |= {"top_item": words("", "", "")}
    many |= {"contribution": np.linspace(-1, 2, 30)[None], "item_weight": np.full((1, 30), 1 / 30)}
    draw_explanation(tmp_path / "why.svg", many, "196", "12", "")
    assert f"the {MOST_BARS} greatest of 30" in texts(tmp_path / "why.svg")


def test_a_png_is_one(tmp_path):
    draw_explanation(tmp_path / "why.png", OUTPUTS, "196", "12", "said")
    assert (tmp_path / "why.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"Description\x00said" in (tmp_path / "why.png").read_bytes()


def test_what_cannot_be_drawn_is_said(tmp_path):
    with pytest.raises(InputError, match=r"expected a name that ends in .png or .svg, found why.pdf"):
        check_kind(tmp_path.joinpath("why.pdf").relative_to(tmp_path))
    nothing = {name: OUTPUTS[name] for name in ("probability", "item_name")} | {
        "explained_by": np.array(["mf"], object)
    }
    with pytest.raises(InputError, match="expected a model that has parts to draw, found mf"):
        draw_explanation(tmp_path / "why.svg", nothing, "196", "12", "")
    assert not (tmp_path / "why.svg").exists()
