"""Servers of gRPC that this project did not write: Python's grpcio. Prints the port of each, as JSON, and serves until
its input ends. `server.py FOLDER`: that of the .proto file, of ca.pem, server.pem, server.key."""

import json
import random
import sys
import tempfile
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import any_pb2, descriptor_pool, duration_pb2, empty_pb2, json_format, struct_pb2, text_format
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

FOLDER = Path(sys.argv[1])


def compile_proto():
    out = tempfile.mkdtemp()
    well_known = Path(protoc.__file__).parent / "_proto"
    arguments = ["", f"-I{FOLDER}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}", "everything.proto"]
    if protoc.main(arguments) != 0:
        sys.exit("the .proto file cannot be compiled")
    sys.path.insert(0, out)


compile_proto()
import everything_pb2 as pb  # noqa: E402
import everything_pb2_grpc  # noqa: E402


class Foreign(everything_pb2_grpc.ForeignServicer):
    def __init__(self):
        self.server = None

    def Compare(self, request, context):
        try:
            wanted = json_format.Parse(request.json, pb.Everything())
        except json_format.ParseError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{error}: {request.json}")
        came, wanted = (text_format.MessageToString(message) for message in (request.message, wanted))
        # As text: equal messages may differ in bytes within an Any.
        return pb.Compared(same=came == wanted, came=came, wanted=wanted)

    def Parse(self, request, context):
        return pb.Checked(json=request.json, message=json_format.Parse(request.json, pb.Everything()))

    def Invent(self, request, context):
        source = random.Random(request.number)
        for _ in range(request.number):
            message = invent(source, 3)
            yield pb.Checked(json=json_format.MessageToJson(message), message=message)

    def Tell(self, request, context):
        context.set_compression(grpc.Compression.Gzip)
        told = struct_pb2.Struct()
        for key, value in context.invocation_metadata():
            told[key] = value.hex() if isinstance(value, bytes) else value
        told["peer"] = context.peer()
        told["left"] = context.time_remaining()
        told["identity"] = [name.decode() for name in context.peer_identities() or ()]
        told["auth"] = sorted(context.auth_context())
        context.send_initial_metadata((("begun", "yes"), ("begun-bin", b"\0\xff")))
        context.set_trailing_metadata((("ended", "a"), ("ended", "b"), ("ended-bin", b"\x80")))
        return told

    def Fail(self, request, context):
        details = [
            error_details_pb2.ErrorInfo(reason="WHY", domain="d", metadata={"k": "v"}),
            error_details_pb2.BadRequest(field_violations=[{"field": "f", "description": "bad"}]),
            error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=1, nanos=500000000)),
            pb.Piece(number=2**53 + 1, content=b"\0\x01"),
        ]
        packed = [any_pb2.Any() for _ in details]
        for box, detail in zip(packed, details):
            box.Pack(detail)
        packed.append(any_pb2.Any(type_url="type.googleapis.com/nobody.Knows", value=b"\x08\x01"))
        status = status_pb2.Status(code=request.number, message="päng", details=packed)
        context.abort_with_status(rpc_status.to_status(status))

    def Wait(self, request, context):
        time.sleep(request.pause)
        return empty_pb2.Empty()

    def Echo(self, request, context):
        return request

    def Down(self, request, context):
        for number in range(1, request.number + 1):
            yield pb.Piece(number=number, content=bytes(request.size))
            if request.pause:
                time.sleep(request.pause)

    def Up(self, requests, context):
        number = size = 0
        for piece in requests:
            number += 1
            size += len(piece.content)
        return pb.Count(number=number, size=size)

    def Both(self, requests, context):
        yield from requests

    def Stop(self, request, context):
        threading.Timer(0.05, lambda: self.server.stop(request.pause)).start()
        return empty_pb2.Empty()


NUMBERS = {
    "int": (-(2**31), 2**31 - 1),
    "uint": (0, 2**32 - 1),
    "long": (-(2**63), 2**63 - 1),
    "ulong": (0, 2**64 - 1),
}


def number(source, kind):
    low, high = NUMBERS[kind]
    return source.choice([low, high, 0, 1, source.randint(low, high)])


def text(source):
    return "".join(source.choice("aZ9 \"\\\n\t\0é€😀") for _ in range(source.randint(0, 6)))


def real(source):
    return source.choice([0.0, 1.5, -2.25, 1e300, 5e-324, source.random(), source.randint(-9, 9) * 1.0])


def single(source):
    return source.choice([0.0, 1.5, -0.25, 1024.0, 2.0**100])


def blob(source):
    return bytes(source.randrange(256) for _ in range(source.randint(0, 5)))


def value(source, depth):
    kinds = ["null", True, "x", 1.25, "list", "struct"] if depth else [None, False, "", -7.0]
    kind = source.choice(kinds)
    if kind == "list":
        return [value(source, depth - 1) for _ in range(source.randint(0, 3))]
    if kind == "struct":
        return {f"k{i}": value(source, depth - 1) for i in range(source.randint(0, 3))}
    return None if kind == "null" else kind


def invent(source, depth):
    """A message whose fields are set, or not, at random."""
    plain = {
        "a_double": real, "a_float": single, "an_int32": "int", "an_int64": "long", "a_uint32": "uint",
        "a_uint64": "ulong", "a_sint32": "int", "a_sint64": "long", "a_fixed32": "uint", "a_fixed64": "ulong",
        "a_sfixed32": "int", "a_sfixed64": "long", "a_bool": lambda s: s.random() < 0.5, "a_string": text,
        "some_bytes": blob, "colour": lambda s: s.choice([0, 1, 2, -1, 77, 2**31 - 1]), "maybe_int32": "int",
        "maybe_string": text, "maybe_bool": lambda s: s.random() < 0.5, "maybe_colour": lambda s: s.choice([0, 1]),
        "maybe_double": real,
    }  # fmt: skip
    message = pb.Everything()
    for name, make in plain.items():
        if source.random() < 0.4:
            setattr(message, name, number(source, make) if isinstance(make, str) else make(source))
    few = lambda: range(source.randint(0, 3))  # noqa: E731
    message.int64s.extend(number(source, "long") for _ in few())
    message.strings.extend(text(source) for _ in few())
    message.colours.extend(source.choice([0, 1, 2, 9]) for _ in few())
    message.doubles.extend(real(source) for _ in few())
    message.blobs.extend(blob(source) for _ in few())
    for _ in few():
        message.by_string[text(source)] = number(source, "long")
        message.by_int32[number(source, "int")] = text(source)
        message.by_int64[number(source, "long")] = source.choice([0, 1, 2])
        message.by_uint64[number(source, "ulong")] = real(source)
        message.blobs_by[text(source)] = blob(source)
    if source.random() < 0.5:
        message.timestamp.FromJsonString(source.choice(["1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00Z", "2026-02-28T12:00:00.5Z"]))
    if source.random() < 0.5:
        message.duration.FromJsonString(source.choice(["0s", "-1.5s", "315576000000s", "0.000000001s", "-0.5s"]))
    if source.random() < 0.5:
        message.struct.update({f"s{i}": value(source, 2) for i in few()})
    if source.random() < 0.5:
        json_format.ParseDict(value(source, 2), message.value)
    if source.random() < 0.5:
        json_format.ParseDict([value(source, 2) for _ in few()], message.list)
    if source.random() < 0.3:
        message.mask.FromJsonString(source.choice(["", "a", "a,b.c"]))
    if source.random() < 0.3:
        message.empty.SetInParent()
    for name, kind in (("int64_value", "long"), ("uint64_value", "ulong"), ("int32_value", "int"), ("uint32_value", "uint")):
        if source.random() < 0.3:
            getattr(message, name).value = number(source, kind)
            getattr(message, name).SetInParent()
    for name, make in (("string_value", text), ("bytes_value", blob), ("double_value", real), ("float_value", single)):
        if source.random() < 0.3:
            getattr(message, name).value = make(source)
            getattr(message, name).SetInParent()
    for _ in few():
        json_format.ParseDict(value(source, 1), message.values[text(source)])
        json_format.ParseDict(value(source, 1), message.value_list.add())
    if depth:
        if source.random() < 0.5:
            message.nested.CopyFrom(invent(source, depth - 1))
        if source.random() < 0.3:
            message.by_bool[source.random() < 0.5].CopyFrom(invent(source, 0))
        if source.random() < 0.3:
            message.messages.add().CopyFrom(invent(source, 0))
        if source.random() < 0.3:
            message.any.Pack(source.choice([invent(source, 0), duration_pb2.Duration(seconds=3), struct_pb2.Value(string_value="v")]))
        one = source.choice([None, "one_int64", "one_string", "one_message", "one_empty", "one_null"])
        if one == "one_int64":
            message.one_int64 = number(source, "long")
        elif one == "one_string":
            message.one_string = text(source)
        elif one == "one_null":
            message.one_null = 0
        elif one:
            getattr(message, one).SetInParent()
    return message


def serve(credentials=None, reflects="v1alpha", options=()):
    """A server on a free port; returns (server, port)."""
    service = Foreign()
    server = grpc.server(futures.ThreadPoolExecutor(16), options=list(options))
    service.server = server
    everything_pb2_grpc.add_ForeignServicer_to_server(service, server)
    healthy = health.HealthServicer()
    healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    names = [pb.DESCRIPTOR.services_by_name["Foreign"].full_name, health.SERVICE_NAME, reflection.SERVICE_NAME]
    if reflects == "v1alpha":
        reflection.enable_server_reflection(names, server, descriptor_pool.Default())
    if reflects == "v1":
        # grpcio has no v1 yet; it differs from v1alpha in its name alone.
        servicer = reflection.ReflectionServicer(names, descriptor_pool.Default())
        handler = grpc.stream_stream_rpc_method_handler(
            servicer.ServerReflectionInfo,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        handlers = grpc.method_handlers_generic_handler("grpc.reflection.v1.ServerReflection", {"ServerReflectionInfo": handler})
        server.add_generic_rpc_handlers((handlers,))
    if credentials:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main():
    key, cert, authority = ((FOLDER / name).read_bytes() for name in ("server.key", "server.pem", "ca.pem"))
    tls = grpc.ssl_server_credentials([(key, cert)])
    mutual = grpc.ssl_server_credentials([(key, cert)], authority, True)
    kinds = {
        "PLAIN": {},
        "NEW": {"reflects": "v1"},
        "TLS": {"credentials": tls},
        "MTLS": {"credentials": mutual},
        "SILENT": {"reflects": None},
        "AGED": {"options": [("grpc.max_connection_age_ms", 300), ("grpc.max_connection_age_grace_ms", 60000)]},
        "HASTY": {"options": [("grpc.max_connection_age_ms", 1500), ("grpc.max_connection_age_grace_ms", 100)]},
        "NARROW": {"options": [("grpc.max_concurrent_streams", 1)]},
        "SMALL": {"options": [("grpc.max_receive_message_length", 1000)]},
        "STOPPED": {},
    }
    servers = {kind: serve(**given) for kind, given in kinds.items()}
    print(json.dumps({kind: port for kind, (_, port) in servers.items()}), flush=True)
    sys.stdin.read()
    for server, _ in servers.values():
        server.stop(None)


main()
