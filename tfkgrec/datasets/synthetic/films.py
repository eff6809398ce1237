"""The films of the synthetic world: which attributes they carry, what character that gives them, and their graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

GENRES = ("noir", "western", "comedy", "drama", "musical", "horror", "romance", "heist", "war", "fantasy")
COUNTRIES = ("Chile", "Denmark", "Egypt", "France", "India", "Japan", "Kenya", "Mexico")
FIRST_NAMES = (
    *("Ada", "Ben", "Chloe", "Dev", "Elsa", "Femi", "Gus", "Hana", "Ivo", "June"),
    *("Kofi", "Lena", "Milo", "Nora", "Omar", "Pia", "Quinn", "Rosa", "Sami", "Tess"),
)
RELATION_NAMES = {"has_genre": "has genre", "directed_by": "directed by", "stars": "stars", "born_in": "born in"}
WEIGHTS = {"has_genre": 1.0, "directed_by": 0.8, "stars": 0.5}  # of an attribute's character in its film's

CHARACTER_SIZE = 4  # numbers that describe an attribute, a film or a taste
SHARE_WITH_SECOND_GENRE = 0.5
ACTORS_PER_FILM = 2
SHARE_WITHOUT_TRIPLES = 0.03  # films of which the graph tells nothing, as in real graphs


@dataclass(frozen=True)
class Films:
    """Films as rows in the order of their ids.

    Attributes:
        vectors: float64 [films, CHARACTER_SIZE], of mean squared length 1.
        genres: first genre as an index of `GENRES`, int [films].
        triples: columns `head`, `relation`, `tail`.
        names: raw entity -> text for people.
        characters: (relation, attribute) -> what it adds to the vector of a film that has it.
    """

    vectors: np.ndarray
    genres: np.ndarray
    triples: pd.DataFrame
    names: dict[str, str]
    characters: dict[tuple[str, str], np.ndarray]


def draw_films(film_ids: np.ndarray, rng: np.random.Generator, untold: float = 0.0) -> Films:
    """Give every film one or two genres, a director and two actors, and every director a country.

    Args:
        untold: share of a film's character that is its own, which the graph cannot tell.
    """
    count = len(film_ids)
    directors, actors = max(2, count // 10), max(2, count // 4)
    people = _people(directors + actors, rng)
    names = {film: film.replace("-", " ") for film in film_ids}
    genre_ids = _name("genre", GENRES, names)
    director_ids = _name("director", people[:directors], names)
    actor_ids = _name("actor", people[directors:], names)
    country_ids = _name("country", COUNTRIES, names)

    genres = rng.integers(len(GENRES), size=count)
    second = (genres + rng.integers(1, len(GENRES), size=count)) % len(GENRES)
    with_second = np.flatnonzero(rng.random(count) < SHARE_WITH_SECOND_GENRE)
    everyone = np.arange(count)
    cast = np.argsort(rng.random((count, actors)), axis=1)[:, :ACTORS_PER_FILM]
    edges = [  # (relation, film, attribute of the film, their ids)
        ("has_genre", everyone, genres, genre_ids),
        ("has_genre", with_second, second[with_second], genre_ids),
        ("directed_by", everyone, rng.integers(directors, size=count), director_ids),
        *(("stars", everyone, column, actor_ids) for column in cast.T),
    ]
    character = {relation: rng.normal(size=(max(actors, len(ids)), CHARACTER_SIZE)) for relation, _, _, ids in edges}
    vectors = np.zeros((count, CHARACTER_SIZE))
    for relation, film, attribute, _ in edges:
        vectors[film] += WEIGHTS[relation] * character[relation][attribute]
    scale = np.sqrt((1 - untold) / np.mean(np.sum(vectors**2, axis=1)))
    vectors *= scale
    if untold:
        vectors += np.sqrt(untold / CHARACTER_SIZE) * rng.normal(size=vectors.shape)

    told = rng.random(count) >= SHARE_WITHOUT_TRIPLES
    parts = [_triples(film_ids[film], relation, ids[attribute])[told[film]] for relation, film, attribute, ids in edges]
    births = _triples(director_ids, "born_in", rng.choice(country_ids, size=directors))
    characters = {
        (relation, name): scale * WEIGHTS[relation] * character[relation][n]
        for relation, _, _, ids in edges
        for n, name in enumerate(ids)
    }
    return Films(vectors, genres, pd.concat([*parts, births], ignore_index=True), names, characters)


def _triples(head: np.ndarray, relation: str, tail: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"head": head, "relation": relation, "tail": tail}, dtype=str)


def _name(kind: str, texts: Sequence[str], names: dict[str, str]) -> np.ndarray:
    """Raw ids of entities, `director-ada-l` for the director "Ada L."; the text is noted in `names`."""
    ids = [f"{kind}-{text}".lower().replace(" ", "-").rstrip(".") for text in texts]
    names.update(zip(ids, texts, strict=True))
    return np.array(ids, dtype=object)


def _people(count: int, rng: np.random.Generator) -> list[str]:
    """Distinct names as "Ada L."; when they run out, "Ada L. 2" and so on."""
    once = [f"{first} {letter}." for first, letter in product(FIRST_NAMES, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    rounds = -(-count // len(once))
    every = [name if turn == 1 else f"{name} {turn}" for turn in range(1, rounds + 1) for name in rng.permutation(once)]
    return every[:count]
