"""The methods by the names that a config has for them: ours, and those that other packages register.

A package registers a `KnowledgeModel` in the entry-point group `tfkgrec.kge_methods`; its name is then a value of
`pretraining.knowledge`:

    entry_points={"tfkgrec.kge_methods": ["rotate = other_package.rotate:RotatE"]}

Looking at the names imports no method, and so no Keras.
"""

import pkgutil
from importlib import metadata
from typing import TYPE_CHECKING

from tfkgrec.errors import InputError

if TYPE_CHECKING:
    from tfkgrec.kge.knowledge_model import KnowledgeModel

GROUP = "tfkgrec.kge_methods"
BUILT_IN = {
    "transe": "tfkgrec.kge.trans_e:TransE",
    "transh": "tfkgrec.kge.trans_h:TransH",
    "transr": "tfkgrec.kge.trans_r:TransR",
    "transd": "tfkgrec.kge.trans_d:TransD",
    "distmult": "tfkgrec.kge.dist_mult:DistMult",
}


def methods() -> dict[str, str]:
    """Name -> "module:Class" of every method; a name of ours stays ours."""
    others = {entry.name: entry.value for entry in metadata.entry_points(group=GROUP)}
    return BUILT_IN | {name: value for name, value in others.items() if name not in BUILT_IN}


def method_class(name: str) -> "type[KnowledgeModel]":
    """The method called `name`.

    Raises:
        InputError: there is none, or its package does not hold a `KnowledgeModel` where it says.
    """
    from tfkgrec.kge.knowledge_model import KnowledgeModel

    where = methods().get(name)
    if where is None:
        raise InputError(f"pretraining.knowledge: expected one of {', '.join(methods())}, found {name!r}")
    try:
        found = pkgutil.resolve_name(where)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"pretraining.knowledge: expected the class {where} for {name!r}, found: {error}") from None
    if not (isinstance(found, type) and issubclass(found, KnowledgeModel)):
        raise InputError(f"pretraining.knowledge: expected a KnowledgeModel at {where} for {name!r}, found {found!r}")
    return found
