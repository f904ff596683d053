{
  description = "A stand-in for crane: the small part of its library that nix/ uses";
  outputs = _: { mkLib = import ./lib.nix; };
}
