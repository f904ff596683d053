# Which system calls the programs of the images make, and so the seccomp profile of each container:
# any other call ends the process. Each group has its reason, which the profiles repeat.
#
# They were recorded while all tests of the stack ran, on x86_64 with glibc, of tasks that have a
# filter. What others need besides stands in groups of its own: aarch64, which has no call that takes
# a path without a folder; musl; nginx as nixpkgs builds it. An engine skips names that its libseccomp
# does not know, and runc answers calls that are newer than all of these with ENOSYS.
{ lib }:
let
  group = why: names: { inherit why names; };
  # Of whatever starts the container, once it has loaded the filter:
  # https://github.com/opencontainers/runc/blob/main/libcontainer/standard_init_linux.go
  everywhere = [
    (group "runc and crun: they close what is theirs, open the gate and become the program" "close close_range execve exit_group fcntl fstat fstatfs getdents64 openat openat2 readlinkat statx umask write")
    (group "runc: Go's runtime starts threads, frees memory and interrupts itself whenever it likes" "clone epoll_ctl epoll_pwait exit futex getpid gettid madvise mmap munmap nanosleep read rt_sigaction rt_sigprocmask rt_sigreturn sched_yield sigaltstack tgkill")
    (group "the kernel goes on with a call that a signal or a pause of the container has interrupted" "restart_syscall")
    (group "the clock of a machine whose time cannot be read without a call" "clock_gettime gettimeofday")
    (group "the C library: memory, the first thread, randomness" "arch_prctl brk getrandom mprotect mremap prlimit64 rseq set_robust_list set_tid_address")
  ];
  rust = [
    (group "Rust's start: its standard streams and its stack" "poll sched_getaffinity")
    (group "Rust's start, on aarch64" "ppoll")
    (group "files are read" "lseek")
    (group "musl opens, lists and waits by these" "lstat newfstatat open readv stat tkill writev")
  ];
  probe = [
    (group "the probe asks whether the container is well" "connect getsockopt open ppoll recvfrom sendto socket")
  ];
  chassis =
    rust
    ++ probe
    ++ [
      (group "the service listens and answers" "accept4 bind clock_nanosleep epoll_create1 epoll_wait eventfd2 getsockname ioctl listen prctl setsockopt shutdown socketpair uname")
      (group "the service restricts which files it may open" "landlock_add_rule landlock_create_ruleset landlock_restrict_self")
    ];
  keeper = rust ++ [
    (group "the keeper writes the pair, whole and with an owner, one keeper at a time" "fchmod fchown flock fsync rename unlink")
    (group "the same, on aarch64" "renameat renameat2 unlinkat")
  ];
  edge = probe ++ [
    (group "probe --hold, where a service shares the edge's network" "pause")
    (group "launch tells nginx of a new certificate" "getppid kill newfstatat")
    (group "launch passes on what nginx writes, where stdout is a socket: below systemd" "dup2 dup3 pipe2 rt_sigtimedwait wait4")
    (group "the loader finds nginx's libraries" "access faccessat pread64")
    (group "nginx's master starts workers, and tells them to end" "geteuid prctl rt_sigsuspend sendmsg socketpair uname wait4")
    (group "nginx listens, answers and asks the service" "accept4 bind clock_nanosleep epoll_create epoll_wait eventfd2 ioctl listen readv recvmsg setsockopt shutdown writev")
    (group "nginx keeps what is too long for its memory in files" "lseek mkdir pwrite64 pwritev unlink")
    (group "the same, on aarch64" "epoll_create1 mkdirat unlinkat")
    (group "nixpkgs' nginx looks whether the kernel reads files asynchronously" "io_destroy io_setup")
    (group "launch counts what nginx does, where metrics are asked for" "accept4 bind dup2 dup3 getppid listen pipe2 renameat setsockopt unlinkat")
    (group "nginx opens the socket that launch asks it at to whoever is in the container" "chmod fchmodat")
    (group "directives of one's own, by the setting edge: sendfile, a cache, $server_addr" "fadvise64 ftruncate getsockname rename renameat sendfile utimensat")
  ];
  client = keeper ++ [
    (group "the client starts the keeper, and reads what it says" "dup2 pipe2 wait4")
    (group "it asks the authority" "clock_nanosleep connect getsockopt ioctl recvfrom sendto setsockopt socket")
    (group "it asks name servers, and which addresses there are" "bind getpeername getsockname recvmsg sendmmsg sendmsg uname")
    (group "it keeps what it got" "mkdir")
    (group "the same, on aarch64" "dup3 mkdirat")
  ];

  # As JSON, a line for each group. A name that has stood before is not said again.
  write =
    groups:
    let
      ofGroup =
        told: group:
        let
          names = builtins.filter (name: !builtins.elem name told.names) (lib.splitString " " group.names);
        in
        {
          names = told.names ++ names;
          lines =
            told.lines
            ++ lib.optional (names != [ ]) (rule {
              action = "SCMP_ACT_ALLOW";
              comment = group.why;
              inherit names;
            });
        };
      rule = fields: "    ${builtins.toJSON fields}";
      all = builtins.foldl' ofGroup {
        names = [
          "clone"
        ];
        lines = [
          # As Docker's own profile has it: the bits of the namespaces.
          (rule {
            action = "SCMP_ACT_ALLOW";
            args = [
              {
                index = 0;
                op = "SCMP_CMP_MASKED_EQ";
                value = 2114060288;
                valueTwo = 0;
              }
            ];
            comment = "threads and processes, without a namespace of their own";
            names = [ "clone" ];
          })
          (rule {
            action = "SCMP_ACT_ERRNO";
            comment = "glibc tries it first, and no filter can see its flags: it goes on with clone";
            errnoRet = 38;
            names = [ "clone3" ];
          })
        ];
      } groups;
    in
    ''
      {
        "defaultAction": "SCMP_ACT_KILL_PROCESS",
        "syscalls": [
      ${builtins.concatStringsSep ",\n" all.lines}
        ]
      }
    '';
in
{
  # Of the containers that every stack has, by name.
  profiles = builtins.mapAttrs (_: own: write (everywhere ++ own)) {
    acme = client;
    nginx = edge;
    tls = keeper;
  };
  # Of a service that asks nothing of the system but what the chassis does.
  chassis = write (everywhere ++ chassis);
}
