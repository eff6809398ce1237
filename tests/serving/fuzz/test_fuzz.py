"""A small, seeded part of what `tfkgrec benchmark serving --fuzz 20000` does."""

from collections import Counter

import numpy as np
import pytest

from tests.toy import ITEMS, USERS
from tfkgrec.benchmarks.serving_fuzz import Fuzzed, fuzz, summary
from tfkgrec.benchmarks.serving_fuzz_cases import Case, Cases
from tfkgrec.protos import messages


def resident_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def test_the_server_refuses_each_with_the_right_code_and_stays_well(server):
    before = resident_mb()
    fuzzed = fuzz(server.address, "toy", 500, seed=0, users=USERS, items=ITEMS)
    assert not fuzzed.wrong, summary(fuzzed)
    assert fuzzed.requests > 500 and fuzzed.connections >= 5
    kinds = {kind for kind, _ in fuzzed.answers}
    assert len(kinds) >= 14
    assert fuzzed.answers["healthy", "OK"] >= 10
    assert resident_mb() - before < 1000  # this process is server and client


@pytest.fixture
def cases():
    signature = messages.SignatureDefMap().signature_def["score"]
    for name, dtype, sizes in (("user_id", 7, [-1]), ("taken", 1, [-1, 6])):
        signature.inputs[name].dtype = dtype
        for size in sizes:
            signature.inputs[name].tensor_shape.dim.add(size=size)
    return lambda seed: Cases("toy", {"score": signature}, np.random.default_rng(seed), ["u1"], ["i1"])


def test_cases_follow_from_the_seed_and_are_of_every_kind(cases):
    first, again, other = ([*cases(seed).draw(300)] for seed in (1, 1, 2))
    assert first == again != other
    assert Counter(case.kind for case in first)["wrong type"] > 5
    assert {case.kind for case in cases(3).draw(3000)} >= {"10 MB text", "damaged request", "numbers that are none"}


def test_a_wrong_code_is_told():
    fuzzed = Fuzzed()
    case = Case("wrong type", "/x", b"sent", frozenset({"INVALID_ARGUMENT"}))
    fuzzed.add(case, "INVALID_ARGUMENT", "", 0.1)
    assert fuzzed.wrong == []
    fuzzed.add(case, "UNKNOWN", "boom", 0.3)
    assert fuzzed.wrong == ["wrong type: expected INVALID_ARGUMENT, found UNKNOWN (boom); sent b'sent'"]
    assert (fuzzed.requests, fuzzed.slowest, fuzzed.wrong_count) == (2, 0.3, 1)
    assert "wrong codes: 1" in summary(fuzzed)
