# shellcheck shell=bash
# Says which setting helps a program that ended as it started, by what it wrote. Arguments: the
# program's name, the file with its lines.
# A panic's own line on backtraces names a variable as well.
name=$1 log=$(LC_ALL=C tr -d '\0' <"$2" | sed '/RUST_BACKTRACE/d')
says() { grep --quiet --ignore-case --extended-regexp -- "$1" <<<"$log"; }
unset='environment variable|NotPresent|missing.*(variable|env)|must be set|is not set'
hint() { echo "drydock: $*"; }

if says 'address already in use|AddrInUse'; then
  hint "$name asks for a port that is taken; the setting port is the one that it serves on"
elif says 'read-only file system|ReadOnlyFilesystem|unable to open database file'; then
  hint "$name writes where it may not; the setting writable lists the folders that it may write to, as writable = [ \"/data\" ]"
elif says "$unset"; then
  variable=$(grep --ignore-case --extended-regexp -- "$unset" <<<"$log" | grep --only-matching --extended-regexp '\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b' | head -n 1) || :
  hint "$name asks for a variable of its environment; the setting environment gives those that are no secret, as environment = { ${variable:-NAME} = \"value\"; }"
elif says 'no such file or directory|NotFound|could not (find|open|read)|not found'; then
  hint "$name looks for a file that is not there; the setting files lists what of the sources it reads while it runs, as files = [ \"static\" ]"
elif says 'permission denied|PermissionDenied'; then
  hint "$name may not do something: it is no root, and has no port below 1024 of its own; the settings port and writable are about that"
elif says 'usage:|required arguments|unexpected argument|please (set|specify|provide|give)'; then
  hint "$name asks for arguments; the setting arguments gives them, as arguments = [ \"serve\" ]"
elif says 'connection refused|failed to connect|error connecting|pool timed out|lookup address'; then
  hint "$name calls another service as it starts; standalone = false leaves its start to the stack, and egress = true lets it out there"
elif says 'unknown time ?zone|tzdata|zoneinfo'; then
  hint "$name asks for the data of time zones; timezones = true puts them into its image"
elif [ -n "$log" ]; then
  hint "the settings arguments, environment, files, writable and port are about how $name starts"
fi
