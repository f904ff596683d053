# The image's health check, in nanoseconds as the image format has it: of the port, and of what
# is seen there as ready.
{ port, ready }:
let
  second = 1000000000;
  address = "127.0.0.1:${toString port}";
in
{
  Test = [
    "CMD"
    "/bin/probe"
  ]
  ++ (
    if ready == "tcp" then
      [ "tcp://${address}" ]
    else if ready == null then
      [
        "--any"
        "http://${address}/"
      ]
    else
      [ "http://${address}${ready}" ]
  );
  Interval = 5 * second;
  Timeout = 3 * second;
  StartPeriod = 30 * second;
  StartInterval = second / 5;
  Retries = 3;
}
