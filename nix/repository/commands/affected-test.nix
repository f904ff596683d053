# Makes example changes in a copy of the working tree and holds what `drydock affected`
# says of each against what it should. It evaluates the flake, as no build in a sandbox
# can, so it is an app.
{
  pkgs,
  # Has bin/drydock-affected.
  affected,
  # The binary's name, which its package has, too.
  name,
}:
pkgs.writeShellApplication {
  name = "drydock-affected-test";
  runtimeInputs = [ affected ];
  text = ''
    ${builtins.readFile ./affected-test.sh}
    image=(packages.image packages.default packages.oci packages.digests packages.compose packages.swarm packages.kubernetes packages.quadlet packages.sbom packages.report apps.publish apps.up apps.test apps.verify checks.image checks.loopback)
    crate=(packages.${name} packages.image-app checks.${name} checks.${name}-clippy checks.${name}-test checks.image-app checks.image-app-doctored checks.update-cost-app)
    edge=(packages.image-nginx checks.image-nginx checks.image-nginx-doctored checks.nginx-lint checks.update-cost-nginx)
    chassis=(checks.chassis-clippy checks.chassis-test checks.chassis-fuzz)
    rest=(packages.nginx checks.nginx checks.keypair-test checks.probe checks.probe-test checks.keypair checks.assets checks.compose checks.shell checks.nix-format apps.down devShells.default)

    echo '# edited' >> .gitattributes
    echo new > not-added.nix
    ask
    says_nothing
    result "a file that nothing is built from, and one that git does not know: nothing"

    ask --json
    [ "$(cat "$scratch/answer")" = "[]" ] || wrong "an empty array is expected"
    result "as an array, that is empty"
    back

    echo edited >> README.md
    echo edited >> docs/ARCHITECTURE.md
    ask
    says_only checks.docs
    result "documentation, not committed: its check alone"

    commit documentation
    ask "$first"
    says_only checks.docs
    result "documentation, committed: its check alone, though labels carry the revision"

    git switch --quiet --create branch
    echo edited >> README.md
    commit "documentation once more"
    ask
    says_only checks.docs
    result "a branch is compared with where it left main"
    back

    git rm --quiet docs/FAULTS.md
    ask HEAD
    says_only checks.docs
    result "a page that is gone: the check of the pages alone"
    back

    echo '// edited' >> src/main.rs
    ask HEAD
    says "''${crate[@]}" "''${image[@]}"
    says_not "''${chassis[@]}" packages.app-deps packages.image-nginx checks.image-nginx checks.image-nginx-doctored checks.nginx-lint "''${rest[@]}"
    LC_ALL=C sort --check "$scratch/answer" || wrong "it is not sorted"
    result "src/: the app, its image and its checks; neither the edge's nor the dependencies, nor the chassis"

    ask --json HEAD
    [[ $(cat "$scratch/answer") == '["apps.'*'","packages.'*'"]' ]] || wrong "an array of strings is expected"
    result "as an array"
    back

    echo '// edited' >> crates/chassis/src/lib.rs
    ask HEAD
    says "''${crate[@]}" "''${image[@]}" "''${chassis[@]}"
    says_not packages.app-deps packages.image-nginx checks.image-nginx checks.nginx-lint "''${rest[@]}"
    result "the chassis: all that is built on it, and its own checks; not the dependencies"
    back

    echo '// edited' >> crates/chassis/tests/limits.rs
    ask HEAD
    says checks.chassis-clippy checks.chassis-test
    says_not packages.${name} packages.image-app packages.image apps.up checks.${name}-test checks.chassis-fuzz "''${edge[@]}" "''${rest[@]}"
    result "the chassis's tests: these, and no image"
    back

    echo edited >> docs/CONFIGURATION.md
    ask HEAD
    says checks.${name}-test
    says_not packages.${name} packages.image-app packages.image "''${chassis[@]}" "''${edge[@]}" "''${rest[@]}"
    result "the page of variables: the test that holds it to the table"
    back

    echo '// edited' >> tests/contract.rs
    ask HEAD
    says checks.${name}-clippy checks.${name}-test
    says_not packages.${name} packages.image-app packages.image apps.up checks.loopback "''${edge[@]}" "''${rest[@]}"
    result "tests/: the tests, and no image"
    back

    echo '// edited' >> crates/workshop/dev-loop/src/main.rs
    ask HEAD
    says packages.dev-loop packages.image-dev checks.workshop-test apps.dev
    says_not apps.bench packages.image packages.default apps.up apps.verify checks.image checks.loopback "''${crate[@]}" "''${edge[@]}" "''${rest[@]}"
    result "a member of the workshop: what uses it, and the workshop's tests"
    back

    echo '# edited' >> nginx/http/client.conf
    ask HEAD
    says "''${edge[@]}" "''${image[@]}"
    says_not packages.${name} packages.image-app checks.${name} checks.${name}-clippy checks.${name}-test checks.image-app checks.image-app-doctored "''${rest[@]}"
    result "nginx/: its image and its checks, not the app's"
    back

    echo '# edited' >> Cargo.lock
    ask HEAD
    says packages.app-deps "''${crate[@]}" "''${image[@]}" checks.${name}-deny
    says_not packages.image-nginx checks.image-nginx checks.nginx-lint packages.nginx checks.keypair-test checks.compose
    result "Cargo.lock: all of the crate, with its dependencies"
    back

    echo '# edited' >> compose.yaml
    ask HEAD
    says checks.compose
    says_not "''${crate[@]}" "''${image[@]}" "''${edge[@]}"
    result "compose.yaml: its check alone"
    back

    ask --all
    says "''${crate[@]}" "''${image[@]}" "''${edge[@]}" "''${rest[@]}"
    result "--all: every output"

    echo '{' > flake.nix
    commit "cannot be evaluated"
    git checkout --quiet "$first" -- flake.nix
    ask HEAD
    says "''${crate[@]}" "''${image[@]}" "''${edge[@]}" "''${rest[@]}"
    grep --quiet --fixed-strings 'everything counts as affected' "$scratch/errors" || wrong "it does not say why"
    result "a BASE that cannot be evaluated: every output"

    git checkout --quiet HEAD -- flake.nix
    ask "$first"
    refuses 1 "the flake of the working tree cannot be evaluated"
    result "a working tree that cannot be evaluated: an error"
    back

    ask no-such-base
    refuses 1 "BASE is 'no-such-base', which is no revision of this repository; it may be"
    result "a BASE that there is not: an error that names it"

    ask --jsn
    refuses 2 "'--jsn' is neither --json, --system, --all nor a BASE"
    result "an unknown option: an error that names it"

    ask --system x86_64
    refuses 2 "--system is 'x86_64'; it takes the name of one"
    result "no name of a system: an error that says what it takes"

    ask --all
    mv "$scratch/answer" "$scratch/own"
    ask --all --system "$system"
    cmp "$scratch/own" "$scratch/answer" >> "$scratch/wrong" 2>&1 || :
    result "a system by its name"

    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
  '';
}
