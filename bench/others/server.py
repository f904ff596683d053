"""The four lines from Flask; gunicorn starts it."""

from flask import Flask, Response, request

app = Flask(__name__)


@app.get("/")
def index():
    peer = request.remote_addr
    return Response(
        "It's easier to ask forgiveness than it is to get permission.\n"
        f"X-Forwarded-For: {request.headers.get('X-Forwarded-For', peer)}\n"
        f"X-Real-IP: {request.headers.get('X-Real-IP', peer)}\n"
        f"X-Forwarded-Proto: {request.headers.get('X-Forwarded-Proto', 'http')}\n",
        mimetype="text/plain",
    )
