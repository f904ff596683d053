# A folder of sources with only those of its files that a build is to have, as a store path: a
# change of any other file builds nothing anew. A folder without such a file is left out.
{
  # The folder.
  src,
  # Whether a file is had, by its path below the folder.
  keep,
}:
let
  root = "${toString src}/";
  below =
    folder:
    let
      entries = builtins.readDir (src + "/${folder}");
      at = name: if folder == "" then name else "${folder}/${name}";
    in
    builtins.concatMap (
      name:
      if entries.${name} == "directory" then
        let
          found = below (at name);
        in
        if found == [ ] then [ ] else [ (at name) ] ++ found
      else if keep (at name) then
        [ (at name) ]
      else
        [ ]
    ) (builtins.attrNames entries);
  kept = builtins.listToAttrs (
    map (path: {
      name = path;
      value = null;
    }) (below "")
  );
in
builtins.path {
  # The name of a flake's own sources: what is unpacked is a folder of that name.
  name = "source";
  path = src;
  filter =
    path: _:
    kept
      ? ${
        builtins.unsafeDiscardStringContext (
          builtins.substring (builtins.stringLength root) (builtins.stringLength path) path
        )
      };
}
