# `./drydock verify [ARCHIVE | docker://…@sha256:…]`: builds both images once more, from clean, under other
# conditions, and compares every layer and configuration with the first build's.
# The second build has a Nix store of its own, which this user owns: the paths in
# it are called as in the first, so that the same derivations are built, and what
# a sandbox leaves open can be set, whoever runs the first store.
{
  pkgs,
  # Has bin/image-compare.
  asserter,
  # The archive of all images, and each by the last part of its name.
  image,
  images,
  # The images as an OCI image layout, with what is said of them.
  oci,
  # The first part of their names.
  repository,
  # The crates that the images have programs of: those of the services, and Drydock's.
  services,
  keypair,
  launch,
  probe,
}:
let
  inherit (pkgs) lib;
  # The derivation itself, not what it builds.
  drv = package: builtins.unsafeDiscardOutputDependency package.drvPath;
  apps = map (service: service.app) (builtins.attrValues services);
  programs = apps ++ [
    keypair.crate
    launch.crate
    probe.crate
  ];
  # What a crate is built on in its own workspace is its own, too.
  crates =
    map (app: app.cargoArtifacts) (builtins.filter (app: app.crate.local != [ ]) apps) ++ programs;
  # Another than the first build's, but for a program that finds its files where it was compiled.
  layouts = map (service: service.layout) (builtins.attrValues services);
  buildFolder =
    if builtins.all (layout: layout.files == [ ]) layouts then
      "/somewhere/else"
    else
      dirOf (builtins.head layouts).root;
  # Nothing else of Drydock's comes before these.
  dependencies = map (crate: crate.dependencies) programs;
in
pkgs.writeShellApplication {
  name = "drydock-verify";
  runtimeInputs = [
    pkgs.cosign
    pkgs.jq
    pkgs.oras
    pkgs.skopeo
    pkgs.util-linux
  ];
  text = ''
    say() { printf 'drydock: %s\n' "$*" >&2; }
    die() { say "error: $*"; exit 1; }
    wrong() { say "error: $*"; exit 2; }
    repository=${repository} oci=${oci} image_compare=${lib.getExe' asserter "image-compare"}
    declare -A archives=(${
      toString (lib.mapAttrsToList (name: archive: "[${name}]=${archive}") images)
    })
    folder=
    ${builtins.readFile ./sign.sh}
    ${builtins.readFile ./published.sh}

    first=(${toString (map drv dependencies)})
    scope="their dependencies, both images"
    options "$@"
    if [ "$quick" = true ]; then
      first=(${toString (map drv crates)})
      scope="both images; their dependencies stay as they were built"
    fi
    archive=''${what:-${image}}
    case $archive in
      docker://*)
        is_published "$archive"
        archive=${image}
        ;;
    esac
    [ -f "$archive" ] || die "$archive is no file; an archive is what \`docker save\` or \`nix build .#image\` writes"
    archive=$(realpath -- "$archive")
    # What cannot be compared is refused before anything is built.
    ${lib.getExe' asserter "image-compare"} "$archive" "$archive" > /dev/null || exit 1

    # What the sandbox of the second build is made of. Where it cannot be had, Nix goes on
    # without one, and then finds nothing in a store that is not at /nix/store.
    namespaces=(--mount --pid --fork)
    [ "$(id -u)" = 0 ] || namespaces+=(--user --map-root-user)
    is() { [ "$(cat "/proc/sys/''${1//.//}" 2> /dev/null)" = "$2" ]; } # SYSCTL VALUE
    if ! unshare "''${namespaces[@]}" true 2> /dev/null; then
      if [ "$(id -u)" = 0 ]; then
        die "the second build needs a sandbox, and root may not make namespaces here; in a container it takes the capability SYS_ADMIN"
      elif is user.max_user_namespaces 0; then
        remedy="sudo sysctl user.max_user_namespaces=15000"
      elif is kernel.apparmor_restrict_unprivileged_userns 1; then
        remedy="sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
      elif is kernel.unprivileged_userns_clone 0; then
        remedy="sudo sysctl kernel.unprivileged_userns_clone=1"
      else
        die "the second build needs a sandbox, and only root may make namespaces on this machine; run it as root"
      fi
      die "the second build needs a sandbox, and only root may make namespaces on this machine; '$remedy' lets every user, until the next boot, or run it as root"
    fi

    cache=''${XDG_CACHE_HOME:-''${HOME:?the cache folder needs it}/.cache}/drydock
    mkdir -p "$cache"
    # A store's name and a sandbox's paths are parts of other syntaxes.
    case $cache in *[!A-Za-z0-9/._+-]*) cache=/var/tmp ;; esac
    second=$(mktemp -d "$cache/verify.XXXXXX")
    cd "$second"
    clean() {
      cd /
      find "$second" -type d -exec chmod u+w {} +
      rm -rf "$second" ''${folder:+"$folder"}
    }
    trap clean EXIT
    # The second store has some ten thousand files.
    stop() { say "stopping; what was built goes away first"; exit "$1"; }
    trap 'stop 130' INT
    trap 'stop 143' TERM

    # Ours is what the images are made from and what comes after the first of it.
    # All that this is built from, a compiler above all, is copied.
    export LC_ALL=C
    nix-store --query --requisites ${drv image} | grep '\.drv$' | sort > all
    nix-store --query --referrers-closure "''${first[@]}" | sort | comm -12 all - > dependants
    xargs nix-store --query --references < dependants | sort -u > named
    comm -23 named dependants > references
    grep '\.drv$' references | xargs nix-store --query --outputs > inputs
    grep -v '\.drv$' references >> inputs || :
    xargs nix-store --check-validity --print-invalid < inputs | sort > invalid
    say "copying what the builds start from into a second store"
    { sort inputs | comm -23 - invalid && echo ${drv image}; } |
      timeout 1200 xargs nix copy --no-check-sigs --to "$second" 2> log || { cat log >&2; die "that failed, or took more than 20 minutes"; }

    # What the first build had: the time, all cores, the folder /build and the user
    # nixbld. A sandbox hands over no variable; if it did, these would be others.
    printf 'somebody:x:1000:100:Somebody Else:/somewhere/else:/noshell\nnobody:x:65534:65534::/:/noshell\n' > passwd
    user=/etc/passwd=$second/passwd
    allowed=$(taskset --cpu-list --pid $$)
    allowed=''${allowed##* }
    again() { # SANDBOX-PATHS DERIVATION...
      paths=$1
      shift
      TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8 USER=somebody LOGNAME=somebody \
        timeout --foreground 3600 taskset --cpu-list "''${allowed%%[,-]*}" \
        nix build --store "$second" --cores 1 --option sandbox true --option sandbox-fallback false --option sandbox-build-dir ${buildFolder} \
        --option sandbox-dev-shm-size 4k,nr_inodes=1 --option extra-sandbox-paths "$paths" --max-silent-time 900 --no-link "''${@/%/^out}" >&2 ||
        die "the second build failed, took more than an hour, or said nothing for 15 minutes"
    }
    # A loader reads which library comes first, nixpkgs' one from a file of its own.
    # That one sets the clock ahead. rustc stands still under it, so it has the time.
    # The library keeps a lock in shared memory, which it waits for without end where a program
    # takes another's place, so /dev/shm has room for no file (tmpfs(5)).
    echo ${pkgs.libfaketime}/lib/libfaketimeMT.so.1 > preload
    echo +400d > faketimerc
    clock="/etc/ld.so.preload=$second/preload /etc/ld-nix.so.preload=$second/preload"
    clock="$clock /etc/faketimerc=$second/faketimerc ${pkgs.libfaketime}"
    say "building once more: $scope"
    again "$user" ${toString (map drv crates)}
    again "$user $clock" ${drv image}

    ${lib.getExe' asserter "image-compare"} "$archive" "$second${image}" || die "the two are not the same"
    say "every layer and configuration is the same"
    case $what in docker://*) attest "''${what#docker://}" ;; esac
  '';
}
