"""Protobuf messages built at import from tables, where their generated modules are absent or too heavy.

`tensorflow_serving.apis` imports the whole of TensorFlow, and its wheel has no BatchingParameters, MonitoringConfig or
SSLConfig at all. A message built with the same package, names and numbers is the same on the wire and in text form.
Each set lives in a pool of its own, so it never meets the generated messages of the same names in one process.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

Table: TypeAlias = Mapping[str, Sequence[str]]
"""Message -> its fields, as in a .proto file ("repeated int64 sizes = 6"); a member of a oneof has "oneof x" before."""

_SCALARS = {"int32": 5, "int64": 3, "bool": 8, "string": 9, "bytes": 12, "float": 2, "double": 1}
_SCALARS |= {"uint32": 13, "uint64": 4}  # descriptor.proto, FieldDescriptorProto.Type
_MESSAGE, _OPTIONAL, _REPEATED = 11, 1, 3
_FIELD = re.compile(r"(?:oneof (\w+) )?(repeated )?(?:map<string, ([\w.]+)>|([\w.]+)) (\w+) = (\d+)")


def build(files: Mapping[str, Table]) -> dict[str, type[Message]]:
    """Message classes by name without package.

    Args:
        files: proto package -> its messages; a package uses its own messages and those of the packages before it, by
            full name or, its own, by short name.
    """
    pool = descriptor_pool.DescriptorPool()
    before: list[str] = []
    for package, table in files.items():
        file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
        file.dependency.extend(before)
        for name, fields in table.items():
            message = file.message_type.add(name=name)
            for line in fields:
                _add_field(message, line, package)
        pool.Add(file)
        before.append(file.name)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for package, table in files.items()
        for name in table
    }


def _add_field(message: descriptor_pb2.DescriptorProto, line: str, package: str) -> None:
    parsed = _FIELD.fullmatch(line)
    if parsed is None:
        raise ValueError(f"{message.name}: expected a field such as 'repeated int64 sizes = 6', found {line!r}")
    oneof, repeated, values, kind, name, number = parsed.groups()
    field = message.field.add(name=name, number=int(number), label=_REPEATED if repeated or values else _OPTIONAL)
    if values:  # a map is a repeated entry message of key and value
        entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _add_field(entry, "string key = 1", package)
        _add_field(entry, f"{values} value = 2", package)
        field.type, field.type_name = _MESSAGE, f".{package}.{message.name}.{entry.name}"
    elif kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = _MESSAGE, f".{kind}" if "." in kind else f".{package}.{kind}"
    if oneof:
        names = [one.name for one in message.oneof_decl]
        if oneof not in names:
            message.oneof_decl.add(name=oneof)
            names.append(oneof)
        field.oneof_index = names.index(oneof)
