"""The JSON schema of a report, made from its dataclasses and what their docstrings say."""

from __future__ import annotations

import inspect
import re
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any

from dashboard.report import SCHEMA, VERSION, Report

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PLAIN = {str: "string", float: "number", int: "integer", bool: "boolean", type(None): "null"}
ATTRIBUTE = re.compile(r"^    (\w+): ((?:.|\n        )+)", re.MULTILINE)


def report_schema() -> dict[str, Any]:
    """Return the schema that every report in JSON follows.

    Returns:
        A JSON Schema of draft 2020-12; each field is described, and no other is allowed.
    """
    definitions: dict[str, Any] = {}
    document = _object(Report, definitions)
    document["properties"]["schema"] = {"const": SCHEMA}
    document["properties"]["version"] = {"const": VERSION}
    return {"$schema": DRAFT, "title": f"{SCHEMA} {VERSION}", **document, "$defs": definitions}


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """Describe a dataclass as an object."""
    hints = typing.get_type_hints(kind)
    told = inspect.getdoc(kind) or ""
    meanings = {
        name: " ".join(text.split()) for name, text in ATTRIBUTE.findall(told.partition("Attri")[2])
    }
    assert is_dataclass(kind)
    properties = {}
    for field in fields(kind):
        properties[field.name] = _value(hints[field.name], definitions)
        if field.name in meanings:
            properties[field.name] |= {"description": meanings[field.name]}
    return {
        "type": "object",
        "description": told.partition("\n\n")[0].replace("\n", " "),
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _value(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Describe a value by its type."""
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    parts = typing.get_args(hint)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return {"anyOf": [_value(part, definitions) for part in parts]}
    if typing.get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": _value(parts[1], definitions)}
    if typing.get_origin(hint) is tuple:
        return _array(parts, definitions)
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}
        definitions[hint.__name__] = _object(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _array(parts: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    items = [_value(part, definitions) for part in parts if part is not Ellipsis]
    if len(parts) == 2 and parts[1] is Ellipsis:
        return {"type": "array", "items": items[0]}
    return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
