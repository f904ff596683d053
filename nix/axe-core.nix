# axe-core, which finds what makes a page hard to use for some people: the very
# archive that its authors publish, by the hash that they publish it with.
{ nodejs, runCommand }:
let
  version = "4.14.1";
  archive =
    runCommand "axe-core-${version}.tgz"
      {
        outputHash = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";
        nativeBuildInputs = [ nodejs ];
      }
      ''
        export HOME=$PWD
        npm pack --silent axe-core@${version}
        mv axe-core-${version}.tgz "$out"
      '';
in
runCommand "axe-core-${version}" { } ''
  tar -xzf ${archive}
  mkdir "$out"
  cp package/axe.min.js package/LICENSE "$out/"
''
