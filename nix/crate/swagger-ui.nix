# What utoipa-swagger-ui shows, which it else downloads as it is built: from the crate that it has for
# builds without a network, and that its feature `vendored` would take.
{ pkgs, vendor }:
pkgs.runCommand "swagger-ui.zip" { } ''
  cp ${vendor [ ./swagger-ui/Cargo.lock ]}/*/utoipa-swagger-ui-vendored-*/res/*.zip "$out"
''
