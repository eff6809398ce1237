"""What a model says of settings that a config leaves out: its defaults for other sections, or a preset of its own.

`model: {name: dink, preset: paper}` stands for the settings of DINK's paper; explicit keys count before them. They are
put beneath what was read, so that nothing after the loader knows of presets.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tfkgrec import registry
from tfkgrec.config.data import protocol_named
from tfkgrec.config.section import Section, SettingError, SettingText, choice, show

PRESET = "preset"


def completed(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A config as it was read, with what its model says of keys that it does not have, and without `model.preset`.

    A config whose model or protocol nobody knows comes back as it is: it is refused elsewhere.

    Raises:
        SettingError: the model has no such preset.
    """
    model, data = raw.get("model"), raw.get("data")
    if not (isinstance(model, Mapping) and isinstance(data, Mapping)):
        return raw
    name = model.get("name")
    if not isinstance(name, str) or name not in registry.models():
        return raw
    try:
        protocol = protocol_named(data.get("protocol", "ctr"))
    except SettingError:
        return raw
    spec = registry.models()[name]
    own = {**raw, "model": {key: value for key, value in model.items() if key != PRESET}}
    for settings in (_asked(spec, model.get(PRESET)), spec.defaults):
        own |= {section: _section(section, own, of_section(settings, section, protocol)) for section in settings}
    return own


def of_section(settings: registry.Settings, section: str, protocol: registry.ProtocolSpec) -> Mapping[str, object]:
    """A section of a model's settings, without keys that are other protocols' and not this one's."""
    given, attribute = settings.get(section, {}), {"training": "training", "data": "split"}.get(section)
    if attribute is None:
        return given
    others = {key for spec in registry.protocols().values() for key in _keys(getattr(spec, attribute))}
    return {key: value for key, value in given.items() if key not in others - _keys(getattr(protocol, attribute))}


def _keys(section: type[Section]) -> set[str]:
    return {spec.name for spec in fields(section)}


def _asked(spec: registry.ModelSpec, preset: object) -> registry.Settings:
    """The settings that `model.preset` names; none where it is null."""
    if isinstance(preset, SettingText) and preset.parsed is None:
        preset = None
    if preset is None:
        return {}
    if not spec.presets:
        raise SettingError(
            f"model.{PRESET}", f"expected null for model {spec.name}, which has none, found {show(preset)}"
        )
    return spec.presets[choice(f"model.{PRESET}", preset, spec.presets)]


def _section(section: str, own: Mapping[str, Any], settings: Mapping[str, object]) -> object:
    """A section with `settings` beneath it."""
    given = own.get(section)
    if section == "pretraining" and section in own:
        if not isinstance(given, Mapping):  # null: none
            return given
        settings = {} if given.get("vectors") is not None else settings  # which are read, not learned
    return _over({} if given is None else given, settings)


def _over(above: Any, below: object) -> Any:
    """Mappings are laid over each other, key by key; of anything else what is above counts."""
    if not (isinstance(above, Mapping) and isinstance(below, Mapping)):
        return above
    merged = {key: _over(above[key], value) if key in above else _plain(value) for key, value in below.items()}
    return {**merged, **{key: value for key, value in above.items() if key not in below}}


def _plain(value: object) -> object:
    """A copy that the loader may treat as its own."""
    return {key: _plain(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value
