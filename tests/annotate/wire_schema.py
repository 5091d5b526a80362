"""Holds what travels between browser and desk against the one schema of both sides."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser import Recorder
from tools.wire_types import build_schemas


@cache
def load_validator(name: str) -> Draft202012Validator:
    """The validator of one object on the wire, e.g. DeskPayload."""
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": build_schemas()})


def check_wire(name: str, sent: Mapping[str, Any]) -> None:
    """Raise jsonschema's ValidationError for something that is not, as JSON, what the schema says under this name."""
    load_validator(name).validate(json.loads(json.dumps(sent)))


def check_component(component_json: str) -> dict[str, Any]:
    """The payload that a component was given, which must fit the schema."""
    data = json.loads(component_json)
    payload: dict[str, Any] = data["payload"]
    check_wire("DeskPayload" if data["script"].endswith("/desk.js") else "AdjudicationPayload", payload)
    return payload


def read_messages(recorder: Recorder) -> list[Any]:
    """What the pages' components sent as messages."""
    frames = [BackMsg.FromString(frame) for what, frame in recorder.seen if what == "frame sent"]
    states = [state for frame in frames for state in frame.rerun_script.widget_states.widgets]
    events = [event for state in states for event in json.loads(state.json_trigger_value or "[]")]
    return [event["value"] for event in events if event["event"] == "message"]


def read_payloads(recorder: Recorder) -> list[dict[str, Any]]:
    """What the pages' components were given; each must fit the schema."""
    frames = [ForwardMsg.FromString(frame) for what, frame in recorder.seen if what == "frame received"]
    components = [frame.delta.new_element.bidi_component.json for frame in frames]
    return [check_component(component) for component in components if '"payload"' in component]
