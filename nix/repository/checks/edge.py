"""A service behind the edge, and what clients see of it: see edge.nix."""

import asyncio
import base64
import hashlib
import ssl
import subprocess
import sys
import threading

HOST, PORT = "localhost", 8443
# By their ports: the setting services has all but the first.
SERVICES = {9000: "app", 9001: "admin", 9002: "api", 9003: "deep"}
CA = "/tmp/pair/ca.crt"
TLS = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
TLS.load_cert_chain("/tmp/pair/tls.crt", "/tmp/pair/tls.key")
more = threading.Event()  # what the events wait for
arrived = threading.Event()  # that the first bytes of an upload have


async def serve(reader, writer):
    name = SERVICES[writer.get_extra_info("sockname")[1]]
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *fields = head.split("\r\n")
            path = line.split(" ")[1]
            fields = dict(
                (name.lower(), value.strip())
                for name, _, value in (field.partition(":") for field in fields if field)
            )
            if path.startswith("/events"):
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"
                )
                await writer.drain()
                await asyncio.to_thread(more.wait, 20)
                writer.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")
            elif fields.get("upgrade") and (
                # Lax where nothing may arrive, and strict with a WebSocket: whoever lacks one of
                # these is no client of it (RFC 6455, section 4.2.1).
                fields["upgrade"].lower() != "websocket"
                or "upgrade" in map(str.strip, fields.get("connection", "").lower().split(","))
                and fields.get("sec-websocket-version") == "13"
            ):
                key = fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
                writer.write(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                    f"Upgrade: {fields['upgrade']}\r\nSec-WebSocket-Accept: {accept}\r\n"
                    f"X-For: {fields['x-forwarded-for']}\r\nX-Path: {path}\r\n\r\n".encode()
                )
                while data := await reader.read(4096):
                    writer.write(data)
                    await writer.drain()
                return
            elif path == "/silent":
                return
            elif path == "/own-502":
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            else:
                size = 0
                if "content-length" in fields:
                    left = int(fields["content-length"])
                    while left:
                        data = await reader.read(min(left, 65536))
                        arrived.set()
                        left -= len(data)
                        size += len(data)
                elif fields.get("transfer-encoding") == "chunked":
                    while length := int(await reader.readline(), 16):
                        size += len(await reader.readexactly(length))
                        arrived.set()
                        await reader.readline()
                    await reader.readline()
                cookie = "x" * int(path.removeprefix("/head/")) if path.startswith("/head/") else "x"
                text = f"{path} {size} {fields.get('connection', '-')}"
                writer.write(
                    f"HTTP/1.1 200 OK\r\nSet-Cookie: a={cookie}\r\nX-Service: {name}\r\n"
                    f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
                )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def service():
    async def run():
        servers = [
            # One of them has the setting protocol = "https".
            await asyncio.start_server(serve, "127.0.0.1", port, ssl=TLS if name == "admin" else None)
            for port, name in SERVICES.items()
        ]
        ready.set()
        await asyncio.gather(*(server.serve_forever() for server in servers))

    asyncio.run(run())


ready = threading.Event()
threading.Thread(target=service, daemon=True).start()
assert ready.wait(10)

VERSIONS = {"1.1": "--http1.1", "2": "--http2", "3": "--http3-only"}
failures = []


def check(what, holds, seen=""):
    print(f"edge: {what} ... {'ok' if holds else f'FAILED: {seen!r}'}", flush=True)
    if not holds:
        failures.append(what)


def curl(*arguments, **options):
    return subprocess.run(
        ["curl", "--silent", "--max-time", "20", "--cacert", CA, *arguments],
        stdout=subprocess.PIPE,
        **options,
    ).stdout


# It has begun when it answers.
curl("--retry", "50", "--retry-connrefused", "--retry-delay", "1", f"https://{HOST}:{PORT}/")

for version, option in VERSIONS.items():
    url = f"https://{HOST}:{PORT}"
    more.clear()
    events = subprocess.Popen(
        ["curl", "--silent", "--no-buffer", "--max-time", "15", "--cacert", CA, option, f"{url}/events"],
        stdout=subprocess.PIPE,
    )
    first = events.stdout.readline()
    # The second is not sent before the first is here.
    held = more.is_set()
    more.set()
    rest = events.stdout.read()
    check(f"events come one by one over HTTP/{version}", (first, rest, held) == (b"data: 1\n", b"\ndata: 2\n\n", False), (first, rest))

    seen = curl(option, "--data-binary", "@-", f"{url}/upload", input=b"x" * 5_000_000)
    check(f"an upload of 5 MB passes over HTTP/{version}", seen.startswith(b"/upload 5000000"), seen)
    seen = curl(option, "--write-out", "%{http_code}", "--output", "/dev/null", "--data-binary", "@-", f"{url}/upload", input=b"x" * 21_000_000)
    check(f"one above bodySize is 413 over HTTP/{version}", seen == b"413", seen)
    arrived.clear()
    upload = subprocess.Popen(
        ["curl", "--silent", "--max-time", "15", "--cacert", CA, option, "--upload-file", "-", f"{url}/slow"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    upload.stdin.write(b"x" * 100_000)
    upload.stdin.flush()
    check(f"an upload goes on as it comes over HTTP/{version}", arrived.wait(10))
    upload.stdin.write(b"x" * 100_000)
    seen = upload.communicate()[0]
    check(f"and is whole over HTTP/{version}", seen.startswith(b"/slow 200000"), seen)

    for path, host, wanted in [
        ("/", HOST, "app"),
        ("/api", HOST, "api"),
        ("/api?x", HOST, "api"),
        ("/api/x?y", HOST, "api"),
        ("/apis", HOST, "app"),
        ("/x/api/", HOST, "app"),
        ("/?/api/", HOST, "app"),
        ("/%61pi/", HOST, "app"),
        ("/api/deep/x", HOST, "deep"),
        ("/api/deeper", HOST, "api"),
        ("/api/", "admin.localhost", "admin"),
        ("/", "ADMIN.localhost", "admin"),
        ("/", "admin-localhost", "app"),
        ("/", "x.admin.localhost", "app"),
    ]:
        seen = curl(option, "--path-as-is", "--header", f"Host: {host}", "--write-out", "%header{x-service}", "--output", "/dev/null", url + path)
        check(f"{path} of {host} goes to {wanted} over HTTP/{version}", seen == wanted.encode(), seen)
    seen = curl(option, "--include", "--data-binary", "@-", f"{url}/api/upload", input=b"x" * 5_000_000)
    check(f"and so does an upload over HTTP/{version}", b"x-service: api" in seen.lower() and b"/api/upload 5000000" in seen, seen)

    form = curl(option, "--include", "--data", "a=" + "b" * 50_000, f"{url}/form")
    check(f"a form of 50 KB passes over HTTP/{version}", b"/form 50002" in form, form)
    lower = form.lower()
    check(
        f"no page is broken by a header over HTTP/{version}",
        b"content-security-policy" not in lower and b"\r\ncross-origin" not in lower and b"x-content-type-options: nosniff" in lower,
        form,
    )
    check(f"the team's own file is read over HTTP/{version}", b"x-own: yes" in lower, form)
    seen = curl(option, f"{url}/head/15000")
    check(f"an answer's head of 15 KB passes over HTTP/{version}", seen.startswith(b"/head/"), seen)
    for path, wanted in [
        ("/own-502", b"502 "),
        ("/silent", b"502 edge;error=connection_terminated"),
        ("/nobody/", b"502 edge;error=destination_unavailable"),
    ]:
        seen = curl(option, "--write-out", "%{http_code} %header{proxy-status}", "--output", "/dev/null", url + path)
        check(f"{path} says whose error it is over HTTP/{version}", seen == wanted, seen)
    seen = curl(option, "--write-out", "%{http_code} %{redirect_url}", "--output", "/dev/null", f"{url}/old")
    check(f"a path that moved leads on over HTTP/{version}", seen == f"301 {url}/new".encode(), seen)
    seen = curl(option, "--include", f"{url}/static/a").lower()
    check(f"what is cached says so over HTTP/{version}", b"cache-control: max-age=86400" in seen, seen)
    seen = curl(option, "--resolve", f"www.localhost:{PORT}:127.0.0.1", "--insecure", "--write-out", "%{http_code} %{redirect_url}", "--output", "/dev/null", f"https://www.localhost:{PORT}/x?y=z")
    check(f"a host that moved leads on over HTTP/{version}", seen == b"301 https://localhost/x?y=z", seen)


def upgrade(protocols, method="GET"):
    """What is answered to a request for an upgrade, and what is echoed then."""

    async def run():
        context = ssl.create_default_context(cafile=CA)
        reader, writer = await asyncio.open_connection(HOST, PORT, ssl=context)
        fields = "".join(f"Upgrade: {protocol}\r\n" for protocol in protocols)
        writer.write(
            f"{method} /chat?room=1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n{fields}"
            "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        echoed = b""
        if head.startswith(b"HTTP/1.1 101"):
            writer.write(b"\x81\x85\x00\x00\x00\x00hello")
            echoed = await asyncio.wait_for(reader.readexactly(11), 10)
        writer.close()
        return head, echoed

    return asyncio.run(run())


for protocol in ["websocket", "WebSocket"]:
    head, echoed = upgrade([protocol])
    check(
        f"an upgrade to {protocol} passes, with who the client is",
        head.startswith(b"HTTP/1.1 101") and b"X-For: 127.0.0.1" in head and b"X-Path: /chat?room=1\r" in head and echoed.endswith(b"hello"),
        head,
    )
for protocols in [["h2c"], ["websocket, h2c"], ["h2c", "websocket"], ["HTTP/2.0"], ["websocketx"], ["TLS/1.0"]]:
    head, _ = upgrade(protocols)
    check(f"an upgrade to {' and '.join(protocols)} does not", head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400")), head)
head, _ = upgrade(["websocket"], "POST")
check("nor does one by POST", not head.startswith(b"HTTP/1.1 101"), head)

sys.exit(1 if failures else 0)
