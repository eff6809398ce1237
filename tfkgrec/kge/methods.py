"""A method by the name that a config has for it: ours, and those that other packages register.

A package registers a `KnowledgeModel` in the entry-point group `tfkgrec.kge_methods`; its name is then a value of
`pretraining.knowledge`:

    entry_points={"tfkgrec.kge_methods": ["rotate = other_package.rotate:RotatE"]}
"""

import pkgutil

from tfkgrec import registry
from tfkgrec.errors import InputError
from tfkgrec.kge.knowledge_model import KnowledgeModel


def method_class(name: str) -> type[KnowledgeModel]:
    """The method called `name`.

    Raises:
        InputError: there is none, or its package does not hold a `KnowledgeModel` where it says.
    """
    where = registry.kge_methods().get(name)
    if where is None:
        raise InputError(f"pretraining.knowledge: expected one of {', '.join(registry.kge_methods())}, found {name!r}")
    try:
        found = pkgutil.resolve_name(where)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"pretraining.knowledge: expected the class {where} for {name!r}, found: {error}") from None
    if not (isinstance(found, type) and issubclass(found, KnowledgeModel)):
        raise InputError(f"pretraining.knowledge: expected a KnowledgeModel at {where} for {name!r}, found {found!r}")
    return found
