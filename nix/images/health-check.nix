# The image's health check for a URL, in nanoseconds as the image format has it.
url:
let
  second = 1000000000;
in
{
  Test = [
    "CMD"
    "/bin/probe"
    url
  ];
  Interval = 5 * second;
  Timeout = 3 * second;
  StartPeriod = 30 * second;
  StartInterval = second / 5;
  Retries = 3;
}
