# An nginx with only the modules that ../../nginx uses. What nixpkgs leaves out by
# default (mail, slice, GeoIP, image filter) stays out.
{ nginx }:
nginx.override {
  withPerl = false;
  withStream = false;
}
