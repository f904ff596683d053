# What a script finds in nixpkgs' builders, and what they make of it.
# Read at NixOS/nixpkgs pkgs/stdenv/generic/setup.sh (corepkgs 9c8533eb0c40, stdenv/generic) and
# pkgs/build-support/trivial-builders/default.nix 00ee9b64aafe, where nothing else is said.
{ pkgs }:
let
  inherit (pkgs) lib;
  application = pkgs.writeShellApplication {
    name = "application";
    runtimeInputs = [ pkgs.jq ];
    text = ''
      case $- in *e*) echo errexit ;; esac
      case $- in *u*) echo nounset ;; esac
      [[ ! -o pipefail ]] || echo pipefail
      echo "''${PATH%:/before}"
    '';
  };
in
pkgs.runCommand "inputs-builders"
  {
    nativeBuildInputs = [
      pkgs.jq
      pkgs.removeReferencesTo
    ];
    passthru.made = application;
  }
  ''
    # As it is left to the script: `set -u` only holds within setup.sh, nullglob stays.
    failed=
    expect() { # WHAT FOUND EXPECTED
      [ "$2" = "$3" ] || { printf '%s: found "%s", expected "%s"\n' "$@" >&2; failed=1; }
    }
    is() { "$@" > /dev/null 2>&1 && echo yes || echo no; }
    expect 'a pattern without a match' "$(echo no-such-file?)" ""
    expect failglob "$(is shopt -q failglob)" no
    expect inherit_errexit "$(is shopt -q inherit_errexit)" yes
    expect errexit "$(is test -o errexit)" yes
    expect nounset "$(is test -o nounset)" no
    expect pipefail "$(is test -o pipefail)" yes
    expect SSL_CERT_FILE "$SSL_CERT_FILE" /no-cert-file.crt
    expect NIX_SSL_CERT_FILE "$NIX_SSL_CERT_FILE" /no-cert-file.crt
    expect TZ "$TZ" UTC
    expect SOURCE_DATE_EPOCH "$SOURCE_DATE_EPOCH" 315532800
    expect GZIP_NO_TIMESTAMPS "$GZIP_NO_TIMESTAMPS" 1
    expect 'that cores are counted' "$([ "$NIX_BUILD_CORES" -ge 1 ] && echo yes)" yes
    # These are Nix's own.
    expect HOME "$HOME" /homeless-shelter
    expect umask "$(umask)" 0022
    expect 'the folder' "$PWD" "$NIX_BUILD_TOP"
    expect '$out' "$(is test -e "$out")" no
    # exitHandler
    expect 'what runs at the end' "$(trap -p EXIT)" "trap -- 'exitHandler' EXIT"
    expect 'what runs after a failure' "$(set +e; failureHook='echo hooked'; (exit 3); exitHandler)" hooked
    expect 'what runs after none' "$(failureHook='echo hooked'; exitHandler)" ""
    # dumpVars
    expect 'the file env-vars' "$(stat -c %a env-vars)" 600
    # stdenvNoCC: pkgs/build-support/trivial-builders, runCommand
    expect CC "''${CC-unset}" unset
    expect AR "''${AR-unset}" unset
    # pkgs/stdenv/generic/common-path.nix, 3813588e48fe
    for program in bash cat find diff sed grep tar gzip patch xz file; do
      expect "that $program is on PATH" "$(is command -v "$program")" yes
    done
    for program in gcc cc ld curl python3 perl cargo git openssl zstd unzip; do
      expect "that $program is on PATH" "$(is command -v "$program")" no
    done
    expect 'what comes first on PATH' "''${PATH%%:*}" ${pkgs.jq.bin or pkgs.jq}/bin

    # substituteInPlace
    printf 'one two\n\nend' > text
    substituteInPlace text --replace-fail one 1 --replace-fail two 2
    expect 'the text' "$(od -An -c text | tr -s ' \n' ' ')" ' 1 2 \n \n e n d '
    refuses() { # COMMAND...: in a shell of its own, since in a condition no failing command would end it
      set +e
      (set -e; "$@") > /dev/null 2>&1
      [ $? = 0 ] && echo no || echo yes
      set -e
    }
    cp text broken
    expect 'replacing what is not there' "$(refuses substituteInPlace broken --replace-fail three 3)" yes
    expect 'an unknown option' "$(refuses substituteInPlace broken --replace-never 1 3)" yes
    expect 'no file' "$(refuses substituteInPlace --replace-fail 1 3)" yes
    expect 'a file that is not there' "$(refuses substituteInPlace nothing --replace-fail 1 3)" yes
    printf 'a\0b' > binary
    expect 'a binary' "$(refuses substituteInPlace binary --replace-fail a b)" yes
    cp text other
    substituteInPlace text other --replace-fail 1 I
    expect 'the first of two files' "$(head -n 1 text)" 'I 2'
    expect 'the second of two files' "$(head -n 1 other)" 'I 2'

    # writeShellApplication, writeText
    expect 'the application' "$(PATH=/before ${lib.getExe application} | tr '\n' ' ')" \
      'errexit nounset pipefail ${pkgs.jq.bin or pkgs.jq}/bin '
    expect 'a text' "$(cat ${pkgs.writeText "text" "no end"}; echo .)" 'no end.'

    # pkgs/build-support/closure-info.nix, 06d7e54d62cf
    expect 'a closure' "$(is grep -x ${application} ${
      pkgs.closureInfo { rootPaths = [ application ]; }
    }/store-paths)" yes

    # pkgs/build-support/remove-references-to (corepkgs 9c8533eb0c40, build-support)
    printf 'a ${application} b ${pkgs.jq}' > named
    remove-references-to -t ${application} named
    expect 'a reference' "$(sed 's|/[a-z0-9]*-|/-|g' named)" "$(sed 's|/[a-z0-9]*-|/-|g' <<< 'a ${application} b ${pkgs.jq}')"
    expect 'one that was taken away' "$(grep -c /eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee- named)" 1
    expect 'one that was left' "$(grep -c ${pkgs.jq} named)" 1
    expect 'another name' "$(is remove-references-to -t named named)" no

    [ -z "$failed" ]
    touch "$out"
  ''
