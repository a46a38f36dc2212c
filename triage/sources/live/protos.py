"""Protocol buffers as the REST APIs would write them, so that both transports leave the same bundle."""

import base64
from typing import Any

import google.cloud.audit.audit_log_pb2  # registers AuditLog, which log entries carry as Any
from google.protobuf.json_format import MessageToDict

_REGISTERED = (google.cloud.audit.audit_log_pb2,)


def rest_shape(message: Any) -> dict[str, Any]:
    """A proto-plus or plain message as REST's JSON object: camelCase, enum names, absent defaults left out.

    A payload of a type that is not known here keeps its type and its bytes.
    """
    plain = getattr(message, "_pb", message)
    try:
        return dict(MessageToDict(plain))
    except TypeError:
        payload = plain.proto_payload
        kept = type(plain)()
        kept.CopyFrom(plain)
        kept.ClearField("proto_payload")
        shaped = dict(MessageToDict(kept))
        shaped["protoPayload"] = {
            "@type": payload.type_url,
            "value": base64.b64encode(payload.value).decode("ascii"),
        }
        return shaped
