# axe-core, which finds what makes a page hard to use for some people, as a package for
# Python brings it along.
{ files, runCommand }:
runCommand "axe-core" { } ''
  mkdir "$out"
  cp ${files}/axe_playwright_python/axe.min.js "$out/"
''
