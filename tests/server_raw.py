"""A bare socket that speaks just enough HTTP to be rude."""

import socket
import time
from urllib.parse import urlsplit


class Raw:
    def __init__(self, url, receive_buffer=None):
        parts = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(20)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((parts.hostname, parts.port))
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def get(self, *targets):
        self.send(b"".join(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target.encode() for target in targets))

    def head(self):
        status = self.stream.readline()
        headers = {}
        while line := self.stream.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return int(status.split()[1]), headers

    def answer(self):
        status, headers = self.head()
        return status, headers, self.stream.read(int(headers.get("content-length", 0)))


def until(condition):
    """Wait for what must come; the deadline is for the case that it never does."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)
