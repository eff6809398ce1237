"""`make quickstart`: the whole path on synthetic data, from triples to an explained recommendation over gRPC.

python -m tfkgrec.quickstart
"""

import dataclasses
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec import registry
from tfkgrec.cli import CommandParser, add_set_argument, run_main
from tfkgrec.config import Config, load_config
from tfkgrec.errors import InputError
from tfkgrec.files import check_folder
from tfkgrec.progress import say
from tfkgrec.serving.child import child_server
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.data.records import RawData
    from tfkgrec.datasets.synthetic.world import WorldTruth

CONFIG = Path(__file__).with_name("quickstart.yaml")  # in the wheel, too
SHOWN = 5  # films in a list
NEW_USER_FILMS = 4
PORT = 8500


def main(argv: Sequence[str] | None = None) -> int:
    """Train, evaluate, export, serve, recommend, explain; say so."""
    parser = CommandParser(prog="tfkgrec quickstart", description="The whole path on synthetic data.")
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="default: runs/quickstart-<time>")
    parser.add_argument("--export-dir", type=Path, default=Path("export"), metavar="DIR", help="default: export")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help="default: its own")
    add_set_argument(parser)
    options = parser.parse_args(argv)
    run_dir = options.run_dir or Path("runs") / time.strftime("quickstart-%Y%m%d-%H%M%S")
    config = load_config(options.config, options.overrides)
    check_folder(options.export_dir)
    films = _draw(options.config, config)
    raw, truth = films.raw, films.truth

    _step(
        1,
        f"Draws a world: {len(truth.users)} people with tastes, {len(truth.items)} films, {len(raw.triples):,} triples"
        f' such as "{films.example()}", {len(raw.interactions):,} films watched.',
    )
    _step(2, "Trains DINK on it, chooses the best epoch on validation, measures simple baselines on the same pairs.")
    with quiet_import():
        from tfkgrec.export import export_run
        from tfkgrec.runs.run import train_run
        from tfkgrec.training.run_directory import RunDirectory
    train_run(config, RunDirectory(run_dir))
    say(
        f"\nIn synthetic data the best possible AUC is known: {truth.best_auc:.4f}."
        f" Knowing only what is popular gives {truth.popularity_auc:.4f}."
    )
    _step(3, f"Exports it for TF Serving; raw ids go in, names come out: {export_run(run_dir, options.export_dir)}/")
    _step(4, "Starts the embedded gRPC server in a process of its own.")
    base_path = f"--model-base-path={options.export_dir / config.model.name}"
    with child_server(base_path, log=run_dir / "server.log") as server:
        say(f"serving {config.model.name} on {server.address}")
        user, item = _ask(server.address, config.model.name, run_dir, films)
    say("server stopped")
    say("\n".join(_what_next(run_dir, options.export_dir, config.model.name, user, item)))
    return 0


def _draw(file: Path, config: Config) -> "Films":
    """The world of a config, which has to draw one and to name a model that explains itself."""
    size = getattr(config.data.source, "size", None)
    if size is None or registry.model(config.model.name).explain_text is None:
        found = f"{config.model.name} on {config.data.dataset}"
        raise InputError(f"{file}: expected a model that explains itself, on synthetic data, found {found}")
    from tfkgrec.datasets.synthetic.world import draw_world

    return Films(*draw_world(**dataclasses.asdict(size), seed=config.training.seed))


def _ask(target: str, model: str, run_dir: Path, films: "Films") -> tuple[str, str]:
    """Three questions over gRPC, and their answers for people; the user and the item that were explained."""
    import numpy as np

    from tfkgrec.client import Client
    from tfkgrec.models.explain_text import explain_text
    from tfkgrec.runs.id_files import USERS, read_seen, read_texts

    seen = read_seen(run_dir / "vocabularies")
    users = read_texts(run_dir / "vocabularies" / USERS)
    lengths = seen.items.lengths[1:]
    user = users[int(np.argsort(lengths, kind="stable")[3 * len(lengths) // 4])]  # someone with much to go by
    with Client(target, model, timeout=60) as client:
        watched = lengths[users.index(user)]
        _step(5, f"Asks it what to show {user}, who has watched {watched} films, which are left out.")
        answer = client.recommend([user], SHOWN)
        say("\n".join(films.ranked(answer.item_id[0], answer.score[0])))

        genre, history = films.of_one_genre(NEW_USER_FILMS)
        _step(6, f"Asks what to show an unknown user who liked {NEW_USER_FILMS} films of the genre {genre}.")
        unknown = client.recommend_for_history([history], SHOWN)
        say("\n".join(films.ranked(unknown.item_id[0], unknown.score[0])))

        item = str(answer.item_id[0, 0])
        _step(7, f"Asks why {user} gets {films.names[item]}.")
        say("\n".join(explain_text(client.explain([user], [item]), user, item)))
    return user, item


@dataclass(frozen=True)
class Films:
    """What the synthetic graph tells about films, as text."""

    raw: "RawData"
    truth: "WorldTruth"

    @property
    def names(self) -> dict[str, str]:
        return self.raw.entity_names

    def example(self) -> str:
        """One triple in words."""
        head, relation, tail = self.raw.triples.iloc[0]
        return f"{self.names[head]} {self.raw.relation_names[relation]} {self.names[tail]}"

    def described(self, film: str) -> str:
        """Such as "noir, heist; directed by Ada L."."""
        triples = self.raw.triples[self.raw.triples["head"] == film]
        genres, directors = (
            ", ".join(self.names[tail] for tail in triples["tail"][triples["relation"] == relation])
            for relation in ("has_genre", "directed_by")
        )
        return f"{genres}; directed by {directors}" if genres else "the graph is silent"

    def ranked(self, films: Sequence[str], scores: Sequence[float]) -> list[str]:
        """A table: rank, probability, name, what the graph tells."""
        width = max(len(self.names[film]) for film in films if film)
        return [
            f"{rank:4}  {score:.2f}  {self.names[film]:{width}}  {self.described(film)}"
            for rank, (film, score) in enumerate(zip(films, scores, strict=True), 1)
            if film
        ]

    def of_one_genre(self, count: int) -> tuple[str, list[str]]:
        """The commonest genre, and films that have it and no other."""
        genres = self.raw.triples[self.raw.triples["relation"] == "has_genre"]
        single = genres.groupby("head")["tail"].agg(list)
        single = single[single.map(len) == 1].map(lambda tails: tails[0])
        genre = Counter(single).most_common(1)[0][0]
        return self.names[genre], [str(film) for film in single.index[single == genre][:count]]


def _what_next(run_dir: Path, export_dir: Path, model: str, user: str, item: str) -> list[str]:
    """Commands that work as they stand, from here."""
    python = os.path.relpath(sys.executable) if Path(sys.executable).is_relative_to(Path.cwd()) else sys.executable
    target = f"--target 127.0.0.1:{PORT} --model {model}"
    return [
        "",
        "What next",
        f"  {python} -m tfkgrec.serve --model-base-path {export_dir / model} --port {PORT}     # and in another shell:",
        f"  {python} -m tfkgrec.recommend {target} --user {user}",
        f"  {python} -m tfkgrec.explain {target} --user {user} --item {item}",
        f"  {python} -m tfkgrec.explain {run_dir} --user {user} --item {item}     # no server needed",
        f"  {python} -m tensorboard.main --logdir {run_dir}     # the curves",
        f"  {python} -m tfkgrec.train --config configs/dink/lastfm.yaml --data-dir DIR --export-dir {export_dir}",
    ]


def _step(number: int, text: str) -> None:
    say(f"\n{number}. {text}", flush=True)


if __name__ == "__main__":
    sys.exit(run_main(main))
