# shellcheck shell=bash
# Says which setting helps a program that ended as it started, by what it wrote. Arguments: the
# program's name, the file with its lines.
# A panic's own line on backtraces names a variable as well.
name=$1 log=$(LC_ALL=C tr -d '\0' <"$2" | sed '/RUST_BACKTRACE/d')
says() { grep --quiet --ignore-case --extended-regexp -- "$1" <<<"$log"; }
unset='env(ironment)? var|NotPresent|missing.*(variable|env)|must be set|to be set|not set|MissingValue|missing value for field|not found in (the )?env'
hint() { echo "drydock: $*"; }

# The variable that it asks for, by the last line that says so: a name is in capitals, and has an
# underscore or stands beside the verb; envy names the field that it goes to.
asked() {
  local line
  line=$(grep --ignore-case --extended-regexp -- "$unset" <<<"$log" | tail -n 1)
  {
    grep --only-matching --extended-regexp '\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b' <<<"$line"
    grep --only-matching --extended-regexp "\b[A-Z][A-Z0-9]+\b\W*(env(ironment)? var(iable)?\W*)?(must|to be|is|was|not|missing)\b" <<<"$line" |
      grep --only-matching --extended-regexp '^[A-Z0-9]+'
    grep --only-matching --extended-regexp '([Mm]issing|var|variable)\W+[A-Z][A-Z0-9]+\b' <<<"$line" | grep --only-matching --extended-regexp '[A-Z0-9]+$'
    sed -nE 's/.*(MissingValue\("|field )([A-Za-z0-9_]+).*/\2/p' <<<"$line" | tr '[:lower:]' '[:upper:]'
  } | head -n 1
}

if says 'address already in use|AddrInUse'; then
  hint "$name asks for a port that is taken; the setting port is the one that it serves on"
elif says 'no CA certificates|native root|UnknownIssuer|certificate verify failed|unable to get local issuer'; then
  hint "$name asks for the certificates of public authorities; egress = true puts them into its image, and lets it out"
elif says 'no space left on device|StorageFull'; then
  hint "$name writes more to /tmp than there is of it, 64 MB of memory; a folder that the setting writable lists is a volume, as writable = [ \"/data\" ], and the variable TMPDIR names it to who looks for /tmp, as environment = { TMPDIR = \"/data\"; }"
elif says 'read-only file system|ReadOnlyFilesystem|unable to open database file'; then
  hint "$name writes where it may not; the setting writable lists the folders that it may write to, as writable = [ \"/data\" ]"
elif says "$unset"; then
  variable=$(asked)
  place=
  [ -n "$variable" ] || place=$(sed -nE 's/.*panicked at ([^ ]+:[0-9]+):.*/; \1 says which/p' <<<"$log" | tail -n 1)
  hint "$name asks for a variable of its environment; the setting environment gives those that are no secret, as environment = { ${variable:-NAME} = \"value\"; }$place"
elif says 'missing field|configuration property'; then
  field=$(sed -nE 's/.*(missing field|configuration property) [`"]?([A-Za-z0-9_.]+).*/\2/p' <<<"$log" | tail -n 1)
  hint "$name asks for the value ${field:-of a field} of its configuration; a file of the sources gives it by files = [ \"config\" ], or a variable by the setting environment"
elif says '\.env\b|path not found'; then
  hint "$name asks for a file .env; one that git knows, without a secret, comes by files = [ \".env\" ], and a file that the setting facts names lets it pass, with allowed-paths = [ \"/build/source/.env\" ]"
elif says 'no such file or directory|NotFound|could not (find|open|read)|not found'; then
  hint "$name looks for a file that is not there; the setting files lists what of the sources it reads while it runs, as files = [ \"static\" ]"
elif says 'permission denied|PermissionDenied'; then
  hint "$name may not do something: it is no root, and has no port below 1024 of its own; the settings port and writable are about that"
elif says 'usage:|required arguments|unexpected argument|please (set|specify|provide|give)'; then
  hint "$name asks for arguments; the setting arguments gives them, as arguments = [ \"serve\" ]"
elif says 'connection refused|failed to connect|error connecting|pool timed out|lookup address'; then
  hint "$name calls another service as it starts or answers; standalone = false leaves the question to the tests of the running stack, and egress = true lets it out there"
elif says 'unknown time ?zone|tzdata|zoneinfo'; then
  hint "$name asks for the data of time zones; timezones = true puts them into its image"
elif [ -n "$log" ]; then
  hint "the settings arguments, environment, egress, files, writable and port are about how $name starts"
fi
