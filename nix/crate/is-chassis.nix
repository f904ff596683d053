# Whether a package of Cargo.lock is Drydock's chassis: a crate of that name in the same repository,
# or from a git repository that is called drydock. Somebody else may have one of that name.
package:
package.name == "chassis"
&& (
  !(package ? source)
  || builtins.match "git\\+[^?#]*/drydock(\\.git)?([?#].*)?" package.source != null
)
