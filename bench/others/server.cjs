// The four lines from Node's http with its default settings, on every core.
const cluster = require("node:cluster");
const { createServer } = require("node:http");
const { availableParallelism } = require("node:os");

function index(request, response) {
  const peer = request.socket.remoteAddress;
  const { headers } = request;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(
    "It's easier to ask forgiveness than it is to get permission.\n" +
      `X-Forwarded-For: ${headers["x-forwarded-for"] ?? peer}\n` +
      `X-Real-IP: ${headers["x-real-ip"] ?? peer}\n` +
      `X-Forwarded-Proto: ${headers["x-forwarded-proto"] ?? "http"}\n`,
  );
}

if (cluster.isPrimary) {
  for (let worker = 0; worker < availableParallelism(); worker += 1) cluster.fork();
} else {
  createServer(index).listen(Number(process.argv[2]), "127.0.0.1");
}
