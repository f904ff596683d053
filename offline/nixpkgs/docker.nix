# The Docker engine. Its programs start themselves again as /proc/self/exe, and runc does so
# inside the container, so that none of them can be started through another ld.so: they are
# patched, as the rest of their kit is.
{
  debian,
  lib,
  runCommand,
  tools,
}:
let
  kit = debian.kit "docker";
  # Debian's package makes these links when it is installed. As there, and in nixpkgs,
  # rules are nf_tables'.
  iptables = runCommand "iptables" { } ''
    mkdir -p "$out/bin"
    for name in iptables ip6tables; do
      for command in "" -save -restore; do
        cat > "$out/bin/$name$command" <<WRAPPER
    #!${tools}/bin/bash
    export XTABLES_LIBDIR=$(echo ${kit}/usr/lib/*-linux-gnu*/xtables)
    exec -a $name$command ${kit}/usr/sbin/xtables-nft-multi "\$@"
    WRAPPER
        chmod +x "$out/bin/$name$command"
      done
    done
  '';
in
runCommand "docker" { meta.mainProgram = "docker"; } ''
  mkdir -p "$out/bin" "$out/libexec/docker"
  for program in containerd containerd-shim-runc-v2 docker-init docker-proxy dockerd runc tini-static; do
    for folder in bin sbin libexec/docker; do
      [ ! -e "${kit}/usr/$folder/$program" ] || ln -sf "${kit}/usr/$folder/$program" "$out/libexec/docker/$program"
    done
  done
  [ -e "$out/libexec/docker/docker-init" ] || ln -s tini-static "$out/libexec/docker/docker-init"
  cat > "$out/bin/dockerd" <<WRAPPER
  #!${tools}/bin/bash
  export PATH=$out/libexec/docker:${lib.makeBinPath [ iptables ]}:\$PATH
  exec $out/libexec/docker/dockerd "\$@"
  WRAPPER
  chmod +x "$out/bin/dockerd"
''
