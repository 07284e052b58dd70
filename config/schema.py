"""What the schema says of every operation: how to log in, and the problem documents that it may answer with."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
ALWAYS = {"401": "Not logged in, or the token has expired."}
READING = {"403": "No right to this.", "404": "Nothing here, or no access to it."}
WRITING = READING | {
    "400": "Invalid input.",
    "409": "The state of things does not allow it.",
    "429": "Too many attempts.",
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The token of `POST /api/v1/token/`."""

    target_class = "accounts.api_auth.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme as OpenAPI writes it."""
        return {"type": "http", "scheme": "bearer"}


class SlugsField(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Many related things, each named by a text of its own (a slug, a name, an e-mail)."""

    target_class = "rest_framework.relations.ManyRelatedField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return a list of texts."""
        return {"type": "array", "items": {"type": "string"}}


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the problem answers to every operation of the schema `result`."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            for status, description in (ALWAYS | (READING if method == "get" else WRITING)).items():
                operation["responses"].setdefault(status, {"description": description, "content": content})
    return result
