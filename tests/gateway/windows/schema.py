"""As much of JSON Schema as openapi.json uses; a word that is not known here fails."""

from typing import Any

TYPES: dict[str, type] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
KNOWN = {
    "type",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "enum",
    "minimum",
    "$ref",
}


def wrong(document: Any, schema: dict[str, Any], root: dict[str, Any], where: str = "") -> list[str]:
    """What in `document` is not as the schema says. `root`: where references are found."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        found: Any = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return wrong(document, found, root, where)
    faults = []
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if type(document) not in {TYPES[name] for name in names}:
            return [f"{where}: {document!r} is no {names}"]
    if "enum" in schema and document not in schema["enum"]:
        faults.append(f"{where}: {document!r} is none of {schema['enum']}")
    if "minimum" in schema and document is not None and document < schema["minimum"]:
        faults.append(f"{where}: {document} is below {schema['minimum']}")
    if isinstance(document, dict):
        properties = schema.get("properties", {})
        faults += [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in document]
        for name, value in document.items():
            if "propertyNames" in schema:
                faults += wrong(name, schema["propertyNames"], root, f"{where}/{name}")
            if name in properties:
                faults += wrong(value, properties[name], root, f"{where}/{name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                faults += wrong(value, schema["additionalProperties"], root, f"{where}/{name}")
            elif schema.get("additionalProperties") is False:
                faults.append(f"{where}: {name} is in no schema")
    if isinstance(document, list) and "items" in schema:
        for number, each in enumerate(document):
            faults += wrong(each, schema["items"], root, f"{where}/{number}")
    return faults
