"""The words of a fusion: greatest part first, counts by name, each member's own reasons under it."""

import numpy as np

from tfkgrec.models.fusion.explain_text import explain_text

ROW = {
    "probability": np.float32(0.97),
    "item_name": "Blade Runner",
    "known_user": True,
    "known_item": True,
    "constant": np.float32(-0.5),
    "mf_adds": np.float32(0.2),
    "hkrm_adds": np.float32(-0.31),
    "counts_adds": np.float32(0.43),
    "counts_constant": np.float32(0),
    "counts_popularity": np.float32(0.12),
    "counts_similar": np.float32(0.005),
    "counts_similar_item": np.array(["7", ""]),
    "counts_similar_name": np.array(["Alien", ""]),
    "counts_similar_share": np.array([1.0, 0.0]),
    "counts_shared_relation": np.array(["director", "genre"]),
    "counts_shared_entity": np.array(["Ridley Scott", ""]),
    "counts_shared_times": np.array([3, 0]),
    "counts_shared": np.array([0.4, -0.1]),
    "counts_value_popularity": np.array([0.0, 0.01]),
    "hkrm_history_item": np.array(["7"]),
    "hkrm_history_name": np.array(["Alien"]),
    "hkrm_item_weight": np.array([1.0]),
    "hkrm_field_relation": np.array(["director"]),
    "hkrm_query_distribution": np.array([1.0]),
    "hkrm_target_distribution": np.array([1.0]),
    "hkrm_value_entity": np.array([["Ridley Scott"]]),
}


def test_greatest_first_and_what_is_next_to_nothing_is_left_away():
    lines = explain_text(ROW, "ann", "9")
    assert lines[0] == "Blade Runner (probability 0.97), as it adds up:"
    assert lines[1:7] == [
        "  -0.50 what every pair starts from",
        "  +0.40 director Ridley Scott, which you took 3 times",
        "  -0.31 HKRM",
        "  +0.20 MF",
        "  +0.12 how many took it",
        "  -0.10 no genre in common with what you took",
    ]
    assert not any("like what you took" in line for line in lines)
    assert lines[lines.index("HKRM by itself:") + 1] == "    100% Alien"
    assert "MF by itself:" not in lines  # it has no parts to name


def test_what_nobody_knows_is_said():
    assert explain_text({**ROW, "known_item": False}, "ann", "9") == [
        "item 9 (probability 0.97): the model does not know this item, so it cannot say why"
    ]
    (line,) = explain_text({**ROW, "known_user": False}, "ann", "9")
    assert "user ann is unknown to the model" in line
