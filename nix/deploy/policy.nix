# What every container of the stack has in common: nothing that it does not need. What one of them
# needs besides stands in the place of these values: ./description.nix, ./service.nix.
{
  # Capabilities; all others are dropped.
  capabilities = [ ];
  noNewPrivileges = true;
  # Which of the profiles of ./seccomp.nix it has; null for the engine's own.
  seccomp = null;
  readOnlyRoot = true;
  # Processes and threads; the engine's own count too while it starts a health check.
  pids = 64;
  # No key and no request in a core dump.
  ulimits.core = 0;
  # Begins anew when it ends.
  restarts = true;
  # How often its health is looked at, in seconds: what does not answer any more shows soon; costs
  # 1.5 % of a CPU.
  interval = 2;
  # Lines of its log are kept in so many files of that size, so that a busy service does not fill the disk.
  log = {
    size = "10m";
    files = 3;
  };
  # In the place of the image's own entry point; and its arguments.
  program = null;
  arguments = [ ];
  # The container whose network it shares, or else the networks that it is in.
  joins = null;
  networks = [ ];
  # What is published.
  ports = [ ];
  # Whether its host name tells nginx which port it redirects to.
  hostname = false;
  # Settings of the kernel, of its network.
  sysctls = { };
  # What it is told; and what it is told besides if that is set where the stack is started.
  environment = { };
  handedOn = [ ];
  # Variables that are files instead, and where they are.
  secrets = { };
  # Volumes: { volume, at, readOnly }.
  mounts = [ ];
  # Folders in memory, with their sizes.
  memoryFolders = { };
  # Which others have to be healthy before it starts, or "done".
  after = { };
  # As the image format has it; null for what does nothing that could fail.
  health = null;
  # What says that it is alive, { path, Test }, where that is another thing than to be ready; and the
  # port where it can be asked from without, and how (../settings/rows.nix has `ready`).
  alive = null;
  listens = null;
  ready = null;
  # The port where Prometheus looks, which nobody else is let to.
  metrics = null;
  # How it is asked to end, if not by SIGTERM; and in seconds, how long what it has in hand may take
  # then, and when it is killed.
  signal = null;
  drain = 0;
  grace = 10;
  # How long it goes on as before, where DNS and load balancers are told of its end by somebody else.
  notice = 5;
  # The variables that have it go on so by itself, where nobody else sees to it.
  noticing = { };
  # Whether it may call others.
  egress = false;
  # How many there may be of it.
  replicas = {
    least = 1;
    most = 1;
  };
}
