"""Makes pykeen_reference.json: PyKEEN's scores, ranks and metrics on a small graph with rounded vectors.

PyKEEN is no dependency of ours. In a throwaway environment:

    python -m venv /tmp/pykeen && /tmp/pykeen/bin/pip install pykeen==1.11.1
    /tmp/pykeen/bin/python tests/kge/make_pykeen_reference.py > tests/kge/pykeen_reference.json

Made with PyKEEN 1.11.1, torch 2.15.0, numpy as of that environment. PyKEEN's ids count from 0, ours from 1.
"""

import json

import numpy as np
import pykeen
import torch
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult, TransD, TransE, TransH, TransR
from pykeen.triples import CoreTriplesFactory

ENTITIES, RELATIONS, DIM, LEARNED, ASKED = 14, 3, 3, 36, 12
rng = np.random.default_rng(2026)


def rounded(*shape: int) -> np.ndarray:
    return np.round(rng.normal(0, 0.7, shape), 2)


keys = rng.choice(ENTITIES * RELATIONS * ENTITIES, LEARNED + ASKED, replace=False)
triples = np.stack([keys // (RELATIONS * ENTITIES), keys // ENTITIES % RELATIONS, keys % ENTITIES], axis=1)
triples[30:36, 1:] = [2, 4]  # many heads of one tail, so that the filter has something to do
triples = np.unique(triples, axis=0)
triples = triples[rng.permutation(len(triples))]
learned, asked = triples[:-ASKED], triples[-ASKED:]

entity, relation = rounded(ENTITIES, DIM), rounded(RELATIONS, DIM)
entity[5] = entity[9]  # a tie wherever either is asked for
normal = rounded(RELATIONS, DIM)
normal /= np.linalg.norm(normal, axis=1, keepdims=True)
tables = {
    "entity": entity,
    "relation": relation,
    "normal": np.round(normal, 6),
    "matrix": rounded(RELATIONS, DIM, DIM),
    "entity_projection": rounded(ENTITIES, DIM),
    "relation_projection": rounded(RELATIONS, DIM),
}
tables["entity_projection"][5] = tables["entity_projection"][9]

factory = CoreTriplesFactory(torch.as_tensor(learned), ENTITIES, RELATIONS)
METHODS = {
    "transe": (TransE(triples_factory=factory, embedding_dim=DIM, scoring_fct_norm=2), ["entity"], ["relation"]),
    "transh": (
        TransH(triples_factory=factory, embedding_dim=DIM, scoring_fct_norm=2, power_norm=True),
        ["entity"],
        ["normal", "relation"],
    ),
    "transr": (
        TransR(triples_factory=factory, embedding_dim=DIM, relation_dim=DIM, scoring_fct_norm=2, power_norm=True),
        ["entity"],
        ["relation", "matrix"],
    ),
    "transd": (
        TransD(triples_factory=factory, embedding_dim=DIM, relation_dim=DIM),
        ["entity", "entity_projection"],
        ["relation", "relation_projection"],
    ),
    "distmult": (DistMult(triples_factory=factory, embedding_dim=DIM), ["entity"], ["relation"]),
}


def put(representations, names) -> None:
    for representation, name in zip(representations, names, strict=True):
        representation._embeddings.weight.data = torch.as_tensor(tables[name].reshape(len(tables[name]), -1)).float()


results = {}
for name, (model, entity_tables, relation_tables) in METHODS.items():
    put(model.entity_representations, entity_tables)
    put(model.relation_representations, relation_tables)
    model.eval()
    with torch.no_grad():
        scores = model.score_hrt(torch.as_tensor(asked)).numpy()[:, 0]
    evaluator = RankBasedEvaluator(filtered=True, clear_on_finalize=False)
    found = evaluator.evaluate(
        model,
        torch.as_tensor(asked),
        additional_filter_triples=[torch.as_tensor(learned)],
        batch_size=len(asked),
        use_tqdm=False,
    )
    ranks = {
        kind: {side: np.concatenate(evaluator.ranks[side, kind]).tolist() for side in ("tail", "head")}
        for kind in ("optimistic", "pessimistic", "realistic")
    }
    metrics = {"mrr": found.get_metric("both.realistic.inverse_harmonic_mean_rank")}
    metrics |= {f"hits_at_{k}": found.get_metric(f"both.realistic.hits_at_{k}") for k in (1, 3, 10)}
    results[name] = {"scores": scores.astype(float).tolist(), "ranks": ranks, "metrics": metrics}

print(
    json.dumps(
        {
            "pykeen": pykeen.get_version(),
            "learned": learned.tolist(),
            "asked": asked.tolist(),
            "tables": {name: table.tolist() for name, table in tables.items()},
            "methods": results,
        }
    )
)
