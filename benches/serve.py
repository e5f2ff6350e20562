"""Requests a second, and how long each takes, of servers that speak Kusto's REST interface, asked in turn.

    serve.py SECONDS NAME=HOST:PORT=DATABASE... [--queries FOLDER]

Three queries are asked by 1, 8 and 64 clients that keep their connections: a count, and Q3.kql and Q4.kql of FOLDER.

    argql serve -d export/ --port 8620
    python -m venv peers && peers/bin/pip install duckdb duckdb-kql
    peers/bin/python -c "import duckdb; duckdb.connect('arg.duckdb').execute('''create table securityresources as
        from read_json('export/securityresources.ndjson', format='newline_delimited', maximum_object_size=200000000,
        columns={id:'VARCHAR', name:'VARCHAR', type:'VARCHAR', subscriptionId:'VARCHAR', properties:'JSON'})''')"
    peers/bin/duckdb-kql serve arg.duckdb -p 31415
    python benches/serve.py 3 argql=127.0.0.1:8620=arg duckdb-kql=127.0.0.1:31415=arg --queries queries/
"""

import json
import socket
import sys
import threading
import time
from pathlib import Path


class Client:
    """A connection that asks one query again and again."""

    def __init__(self, address, database, query):
        host, port = address.split(":")
        self.address = (host, int(port))
        body = json.dumps({"db": database, "csl": query}).encode()
        head = f"POST /v2/rest/query HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
        self.request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(self.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def more(self):
        some = self.socket.recv(1 << 16)
        if not some:
            raise ConnectionError
        return some

    def ask(self):
        self.socket.sendall(self.request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.more()
        head, body = answer.split(b"\r\n\r\n", 1)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise SystemExit(f"no answer: {head.decode()}")
        head = head.lower()
        if b"chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                body += self.more()
        else:
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += self.more()

    def run(self, end, times):
        while time.time() < end:
            start = time.perf_counter()
            try:
                self.ask()
            except ConnectionError:
                self.connect()
                continue
            times.append(time.perf_counter() - start)


def main(seconds, *rest):
    rest = list(rest)
    folder = Path("queries")
    if "--queries" in rest:
        at = rest.index("--queries")
        folder = Path(rest[at + 1])
        del rest[at : at + 2]
    queries = {"count": "securityresources | count"}
    queries |= {name: (folder / f"{name}.kql").read_text() for name in ("Q3", "Q4")}
    for query, text in queries.items():
        for count in (1, 8, 64):
            for server in rest:
                name, address, database = server.split("=")
                clients = [Client(address, database, text) for _ in range(count)]
                times, start = [], time.time()
                end = start + float(seconds)
                threads = [threading.Thread(target=client.run, args=(end, times)) for client in clients]
                [thread.start() for thread in threads]
                [thread.join() for thread in threads]
                took = time.time() - start
                times.sort()
                median, slow = times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3
                each = f"median {median:9.2f} ms, 99 % within {slow:9.2f} ms"
                print(f"{query:6} {count:3} clients {name:12} {len(times) / took:9.1f} a second, {each}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
