# What wheels and source archives of the Python Package Index install, from exactly the
# files that a list names by hash. A new list: `pip download` into an empty folder (for each
# platform, with --python-version 3.14), and `sha256sum *` there.
{
  fetchPypi,
  lib,
  runCommand,
  stdenv,
  # The interpreter, of the version that native files in the list are built for.
  python,
  # What the store path is called after.
  name,
  # A file as sha256sum writes it: each wheel and source archive, with all that it depends
  # on. A wheel of another processor is left out.
  sums,
}:
let
  cpu = stdenv.hostPlatform.parsed.cpu.name;
  interpreter = python.withPackages (packages: [
    packages.pip
    packages.setuptools
  ]);

  # The file's name has all that its address is made of.
  wheel = builtins.match "([0-9a-f]{64})  ([^-]+)-([^-]+)-([^-]+)-([^-]+)-([^-]+)[.]whl";
  source = builtins.match "([0-9a-f]{64})  (.+)-([^-]+)[.]tar[.]gz";
  part = builtins.elemAt;
  file =
    line:
    let
      w = wheel line;
      s = source line;
    in
    if w != null then
      {
        name = "${part w 1}-${part w 2}-${part w 3}-${part w 4}-${part w 5}.whl";
        fits = part w 5 == "any" || lib.hasSuffix "_${cpu}" (part w 5);
        path = fetchPypi {
          format = "wheel";
          pname = part w 1;
          version = part w 2;
          dist = part w 3;
          python = part w 3;
          abi = part w 4;
          platform = part w 5;
          sha256 = part w 0;
        };
      }
    else if s != null then
      {
        name = "${part s 1}-${part s 2}.tar.gz";
        fits = true;
        path = fetchPypi {
          pname = part s 1;
          version = part s 2;
          sha256 = part s 0;
        };
      }
    else
      throw "${toString sums}: neither a wheel nor a source archive, with its SHA-256 first: ${line}";
  files = builtins.filter (file: file.fits) (
    map file (builtins.filter (line: line != "") (lib.splitString "\n" (builtins.readFile sums)))
  );
in
runCommand "${name}-files"
  {
    nativeBuildInputs = [ interpreter ];
    passthru = { inherit interpreter; };
  }
  ''
    mkdir files
    ${lib.concatMapStringsSep "\n" (file: "cp ${file.path} files/${file.name}") files}
    python3 -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-index --no-deps \
      --no-build-isolation --no-compile --target "$out" files/*
  ''
