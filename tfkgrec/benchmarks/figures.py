"""The papers' figures of settings as sweeps: what varies, of which model, on the set at hand that is quickest."""

from dataclasses import dataclass

from tfkgrec.errors import InputError


@dataclass(frozen=True)
class Figure:
    """One figure of a paper.

    Attributes:
        title: for people.
        settings: as `sweep --set` takes them.
        model, dataset: the defaults of `--models` and `--datasets`.
        variant: whose settings the others are; the papers' own, but for RKAN, whose own never train what they rank by.
    """

    title: str
    settings: tuple[str, ...]
    model: str
    dataset: str
    variant: str


FIGURES = {
    "dink-3": Figure(
        "DINK, figure 3: less to learn from", ("data.train_share=0.2,0.4,0.6,0.8,1",), "dink", "lastfm", "paper-fixed"
    ),
    "dink-4": Figure(
        "DINK, figure 4: neighbours of an entity, K",
        ("model.num_neighbours=2,4,6,8,10",),
        "dink",
        "lastfm",
        "paper-fixed",
    ),
    "dink-5": Figure(
        "DINK, figure 5: length of the history, T",
        ("model.history_length=4,8,12,16,20",),
        "dink",
        "lastfm",
        "paper-fixed",
    ),
    "dink-6": Figure(
        "DINK, figure 6: width of the vectors, d", ("model.dim=4,8,16,32,64",), "dink", "lastfm", "paper-fixed"
    ),
    "ekpnet-7": Figure(
        "EKPNet, figure 7: activation and depth of the exploration",
        ("model.activation=relu,sigmoid,tanh", "model.exploration_layers=1,2,3,4,5,6"),
        "ekpnet",
        "lastfm",
        "paper-fixed",
    ),
    "rkan-2": Figure("RKAN, figure 2: longest paths, L", ("model.max_edges=3,5,7",), "rkan", "ml-100k-rkge", "tuned"),
    "ksr-3": Figure(
        "KSR, figure 3: less to learn from", ("data.train_share=0.2,0.4,0.6,0.8,1",), "ksr", "ml-100k", "paper"
    ),
    "ksr-4a": Figure(
        "KSR, figure 4a: width of the knowledge", ("model.dim=50,100,150,200",), "ksr", "ml-100k", "paper"
    ),
    "ksr-4b": Figure(
        "KSR, figure 4b: method of the knowledge's vectors",
        ("pretraining.knowledge=transe,transh,transr,transd",),
        "ksr",
        "ml-100k",
        "paper",
    ),
}


def figure_named(name: str) -> Figure:
    """The figure of that name.

    Raises:
        InputError: there is none.
    """
    if name not in FIGURES:
        raise InputError(f"--figure: expected one of {', '.join(FIGURES)}, found {name!r}")
    return FIGURES[name]
