# A program of the Python Package Index that nixpkgs does not have.
{
  lib,
  # ./python-files.nix has it, in bin, with all that it needs.
  files,
  # The command's name.
  name,
  writeShellApplication,
}:
writeShellApplication {
  inherit name;
  text = ''
    export PYTHONPATH=${files} PYTHONDONTWRITEBYTECODE=1
    exec ${lib.getExe' files.interpreter "python3"} ${files}/bin/${name} "$@"
  '';
}
