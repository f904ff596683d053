# The image's health check, in nanoseconds as the image format has it: of the port or the Unix
# socket, and of what is seen there as ready.
{
  port,
  ready,
  socket ? null,
  # The setting of this name: see ../settings/rows.nix.
  startPeriod ? 30,
}:
let
  second = 1000000000;
  address = "127.0.0.1:${toString port}";
  url = if socket == null then "http://${address}" else "http://unix:${socket}:";
in
{
  Test = [
    "CMD"
    "/bin/probe"
  ]
  ++ (
    if ready == "tcp" && socket == null then
      [ "tcp://${address}" ]
    else if ready == "tcp" || ready == null then
      [
        "--any"
        "${url}/"
      ]
    else
      [ "${url}${ready}" ]
  );
  Interval = 5 * second;
  Timeout = 3 * second;
  StartPeriod = startPeriod * second;
  StartInterval = second / 5;
  Retries = 3;
}
