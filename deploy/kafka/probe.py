"""Readiness probe of a broker: sends a Kafka metadata request, and checks that the response lists a broker."""

import socket
import struct

_METADATA, _VERSION = 3, 1
_NO_TOPICS = struct.pack(">i", 0)
_CLIENT = b"probe"


def names_a_broker(host: str, port: int, *, timeout: float = 2.0) -> bool:
    """Return whether the server there lists at least one broker; a broker is listed only once it is registered."""
    header = struct.pack(">hhih", _METADATA, _VERSION, 1, len(_CLIENT)) + _CLIENT
    request = header + _NO_TOPICS
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _exactly(connection, 4))
            answer = _exactly(connection, size)
    except OSError:
        return False
    # The correlation id, then the number of brokers.
    return len(answer) >= 8 and struct.unpack(">ii", answer[:8])[1] > 0


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionResetError("closed in the middle of a response")
        parts += part
    return parts
