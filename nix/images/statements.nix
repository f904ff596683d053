# What is said of each image in words that can be signed: in-toto statements
# (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) with its SBOM in both
# formats, and with what it was built from, as SLSA has it (https://slsa.dev/spec/v1.0/provenance):
# who starts from that revision and lock gets the derivation, which names all the rest.
# They have no time and no builder, which are a signature's, so that everybody who builds the image
# gets the same bytes.
{
  lib,
  runCommand,
  writeText,
  jq,
  # By the last parts of their names.
  images,
  # The first part of their names.
  repository,
  # What has their names and digests: an OCI image layout.
  layout,
  sbom,
  revision,
  src,
  # A URL, or null.
  source,
  # The Rust target triple.
  target,
  # Says which packages they are built from.
  packagesFrom,
}:
let
  lockFile = src + "/flake.lock";
  isCommit = builtins.match "[0-9a-f]{40}" revision != null;
  provenance =
    name: image:
    writeText "${name}-provenance.json" (
      builtins.toJSON {
        buildDefinition = {
          buildType = "https://nix.dev/manual/nix/latest/command-ref/new-cli/nix3-build";
          externalParameters = {
            inherit revision target;
            packages = packagesFrom;
            output = "image-${name}";
          };
          resolvedDependencies = [
            # It names all that the image is built from.
            {
              name = "derivation";
              uri = "nix:${builtins.unsafeDiscardStringContext image.drvPath}";
            }
          ]
          ++ lib.optional (builtins.pathExists lockFile) {
            name = "flake.lock";
            digest.sha256 = builtins.hashFile "sha256" lockFile;
          }
          ++ lib.optional isCommit (
            {
              name = "source";
              digest.gitCommit = revision;
            }
            // lib.optionalAttrs (source != null) { uri = source; }
          );
        };
        runDetails.builder.id = "https://nixos.org";
      }
    );
in
runCommand "statements" { nativeBuildInputs = [ jq ]; } ''
  state() { # NAME DIGEST KIND TYPE PREDICATE
    jq --compact-output --sort-keys --arg name "${repository}/$1" --arg digest "''${2#sha256:}" --arg type "$4" '{
      _type: "https://in-toto.io/Statement/v1", subject: [{ $name, digest: { sha256: $digest } }], predicateType: $type, predicate: .
    }' "$5" > "$out/''${2#sha256:}/$3.json"
  }
  ${lib.concatMapStrings (name: ''
    digest=$(jq --raw-output '.manifests[] | select(.annotations."org.opencontainers.image.ref.name" == "${repository}/${name}:latest").digest' ${layout}/index.json)
    mkdir -p "$out/''${digest#sha256:}"
    state ${name} "$digest" cyclonedx https://cyclonedx.org/bom ${sbom}/${name}.cdx.json
    state ${name} "$digest" spdx https://spdx.dev/Document ${sbom}/${name}.spdx.json
    # With the crates, by their checksums.
    jq --slurpfile sbom ${sbom}/${name}.cdx.json '.buildDefinition.resolvedDependencies += [
      $sbom[0].components[] | select((.purl | startswith("pkg:cargo/")) and .hashes[0].alg == "SHA-256" and .components == null)
      | { uri: .purl, digest: { sha256: .hashes[0].content } }
    ] | .buildDefinition.resolvedDependencies |= unique' ${provenance name images.${name}} > predicate
    state ${name} "$digest" provenance https://slsa.dev/provenance/v1 predicate
  '') (builtins.attrNames images)}
''
