"""Explanations as pictures: what is drawn, what it says of itself, what cannot be drawn."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from tfkgrec.errors import InputError
from tfkgrec.pictures.explanation import MOST_BARS, check_kind, draw_explanation

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
    "fact_relation": words("genre", "genre", "director"),
    "fact_entity": words("noir", "noir", "Ada L."),
    "fact_contribution": np.array([[0.1, 0.2, -0.4]]),
    "field_relation": words("genre", "director", "country"),
    "query_distribution": np.array([[0.2, 0.8, 0.0]]),
    "target_distribution": np.array([[1.0, 0.0, 0.0]]),
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
    assert "film 12 $x$ for 196: 0.83" in found and "country" not in found
    assert any(text.startswith("film 12 because you liked:") for text in found)


def test_a_long_history_shows_its_greatest(tmp_path):
    many = {**OUTPUTS, "history_item": words(*map(str, range(1, 31))), "history_name": words(*["x" * 60] * 30)}
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
