"""A program that listens and answers, and does one thing besides, which its argument names."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time

what = sys.argv[1]
signal.signal(signal.SIGINT, signal.SIG_DFL)
if what != "deaf":
    signal.signal(signal.SIGINT if what == "interrupt" else signal.SIGTERM, lambda *_: sys.exit(0))


def tries(action):
    try:
        action()
    except OSError as error:
        if error.filename != "absent.toml":
            print(error, flush=True)
        return b"500"
    return b"200"


status = tries(
    {
        "file": lambda: open("src/page.html"),
        "panics-at-file": lambda: open("src/page.html"),
        "top": lambda: open("flake.nix"),
        "absent": lambda: open("absent.toml"),
        "compiled-in": lambda: open("/build/source/web/src/main.rs"),
        "folder": lambda: os.makedirs("uploads/of/today"),
        "database": lambda: open(os.getcwd() + "all.db", "w"),
        "data": lambda: open("/data/all.db", "w"),
        "no-database": lambda: open("/data/all.db", "r+"),
        "top-written": lambda: open("/all.log", "w"),
        "closes": lambda: open("absent.toml"),
        "panics-at-start": lambda: open("absent.toml"),
        "store": lambda: open(os.path.dirname(sys.argv[0]) + "/written", "w"),
        "calls": lambda: socket.create_connection(("127.0.0.1", 5432)),
        "over-files": lambda: (tries(lambda: open("src/page.html")), open("/build/source/web/src/all.db", "w")),
        "hidden": lambda: os.makedirs(os.environ["HOME"] + "/.stranger"),
        "log": lambda: open("/var/log/stranger.log", "w"),
        "walks": lambda: os.path.exists(".gitignore"),
        "runs": lambda: subprocess.run(["stranger-tool"]),
        "variable": lambda: open("absent.toml"),
        "etc": lambda: (tries(lambda: open("absent.toml").close()), open("/etc/stranger/a.toml")),
        "etc-written": lambda: open("/etc/stranger.toml", "w"),
    }.get(what, lambda: None)
)
# What other builds read is not for it.
if what == "store" and status == b"500":
    status = b"200"
elif what in ("store", "no-database"):
    sys.exit(1)
elif what == "variable":
    sys.exit("PORT must be set")
elif what in ("panics", "panics-at-file"):
    print("thread 'main' panicked at src/main.rs:1:1:", flush=True)
elif what == "panics-at-start":
    sys.exit("thread 'main' panicked at src/main.rs:1:1:\nthere is no runtime")
elif what == "done":
    sys.exit(0)
elif what == "late":
    time.sleep(60)
elif what == "beside":
    sys.exit(open(os.path.dirname(sys.argv[0]) + "/stranger.toml"))
sockets = {"socket": "/tmp/web/http.socket", "relative-socket": "./socket/http.socket", "top-socket": "http.socket"}
addresses = {
    "loopback": ("127.0.0.1", 8080),
    "edge-port": ("127.0.0.1", 8081),
    "low": ("0.0.0.0", 80),
    "low-loopback": ("127.0.0.1", 80),
    "address": ("192.0.2.1", 8080),
    "any-port": ("0.0.0.0", 0),
}
if what in sockets:
    listener = socket.socket(socket.AF_UNIX)
    tries(lambda: os.makedirs(os.path.dirname(sockets[what])))
    tries(lambda: listener.bind(sockets[what]))
elif what == "loopback-6":
    listener = socket.create_server(("::1", 8080), family=socket.AF_INET6)
else:
    listener = socket.create_server(addresses.get(what, ("0.0.0.0", 8080)))
listener.listen()
if what == "two":
    second = socket.create_server(("0.0.0.0", 10443))
if what == "tls":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain("pair/tls.crt", "pair/tls.key")
    listener = context.wrap_socket(listener, server_side=True)
while True:
    try:
        connection, _ = listener.accept()
        asked = connection.recv(4096)
        if what == "silent":
            continue
        if what in ("closes", "panics", "panics-at-file") or what == "http2" and not asked.startswith(b"PRI * HTTP/2"):
            connection.close()
            continue
        if what == "http2":
            # RFC 9113: SETTINGS, and on stream 1 HEADERS that end it, with :status 200 of the static table.
            connection.sendall(bytes.fromhex("000000040000000000" "000001010500000001" "88"))
            connection.recv(4096)
        connection.sendall(b"HTTP/1.1 " + status + b" said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        connection.close()
    except OSError as error:
        print(error, flush=True)
