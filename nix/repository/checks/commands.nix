# Every command of a stack builds: ShellCheck reads a script then.
{
  lib,
  programs,
  runCommand,
}:
runCommand "commands" { } ''
  ls -l ${lib.escapeShellArgs (map lib.getExe (builtins.attrValues programs))} > "$out"
''
