"""What schemathesis cannot know of this service."""

import schemathesis

# What a schema can tell: a sound request is never refused for it. What else it is refused for stands between
# values, or depends on what is stored and on the day; each of those has its page under /problems.
A_SCHEMA_TELLS = {
    "unknown_field", "unknown_parameter", "wrong_type", "too_long", "too_many_items", "empty_list", "read_only",
    "unknown_code", "unknown_order", "forbidden_characters", "out_of_range", "repeated",
}  # fmt: skip


@schemathesis.hook
def before_call(context, case, kwargs):
    """With fields= an item has those alone, and the document's schema is that of the whole."""
    mode = case.meta.generation.mode if case.meta else None
    if case.query and mode is not None and mode.is_positive:
        case.query.pop("fields", None)


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """The document has it as one text."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.check
def refusal_is_explained(ctx, response, case):
    """A sound request is refused for what no schema can tell, or the document leaves something out."""
    mode = case.meta.generation.mode if case.meta else None
    if response.status_code not in (400, 422) or mode is None or not mode.is_positive:
        return
    told = {fault["code"] for fault in response.json().get("errors", [])} & A_SCHEMA_TELLS
    if told:
        raise AssertionError(f"refused for what a schema can tell: {', '.join(sorted(told))}: {response.text}")
