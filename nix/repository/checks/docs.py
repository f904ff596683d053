"""Compares the pages with the program: `docs.py FACTS PAGES`.

FACTS is a JSON object: `files` are the repository's, `outputs` the flake's by their kind,
`commands` those of ./drydock, `variables` the environment's that somebody reads. PAGES is a
folder with Markdown in it, at the same paths as in the repository. Whatever a page names that
there is not is a line on stdout, and the exit code is 1 then.
"""

import fnmatch
import json
import pathlib
import posixpath
import re
import sys

# What a page may name although git does not know it: whose it is.
ELSEWHERE = {
    "compose.override.yaml": "the user's, if there is one",
    "docs/seen": "there once a run with the pinned inputs has left a record",
    "goss.yaml": "the name of a stage's file inside its container",
    "lock.json": "made when a machine's packages are fetched",
}
# A name that ends so is a file's.
SOURCE = re.compile(r"\.(conf|css|html|js|json|lock|md|nix|py|rs|sh|sums|toml|ya?ml)$")
VARIABLE = re.compile(r"\b(?:APP|CARGO|COMPOSE|DOCKER|DRYDOCK|NIX|RUST|XDG)_[A-Z0-9_]*[A-Z0-9]\b")
PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*/?")
# In a row about what was read of other repositories, at this revision.
REVISION = re.compile(r"`[0-9a-f]{12}`")
README_LINES = 160
# On the README a figure that is marked so was measured, and these pages have it.
MEASURED = re.compile(r"([\d.]+ [A-Za-z]+) ᵐ")
FIGURES = ["docs/OFFLINE.md", "docs/SPEED.md"]


def anchors(text):
    """The anchors that GitHub makes of a page's headings."""
    seen = {}
    for _, heading in re.findall(r"^(#+) (.*)$", without_blocks(text), re.MULTILINE):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        yield f"{slug}-{count}" if count else slug


def without_blocks(text):
    """The page without its code blocks, each line where it was."""
    return re.sub(r"^ *```.*?^ *```$", lambda block: "\n" * block[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)


def links(text):
    """Each link of a page with its line's number: where it leads, or the name of a reference that is not defined."""
    prose = re.sub(r"`[^`\n]*`", "``", without_blocks(text))
    defined = re.findall(r"^\[([^]]+)\]: ", prose, re.MULTILINE)
    for number, line in enumerate(prose.split("\n"), 1):
        for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"|^\[[^]]+\]: (\S+)$", line):
            yield number, "".join(target), True
        for name in re.findall(r"\]\[([^]]+)\]", line):
            if name not in defined:
                yield number, name, False


def code(text):
    """Each piece of code of a page with its line's number, and whether it is a span."""
    for number, line in enumerate(without_blocks(text).split("\n"), 1):
        for span in re.findall(r"`([^`]+)`", line):
            yield number, line, span, True
    for block in re.finditer(r"^ *```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        if block[1] != "mermaid":
            first = text.count("\n", 0, block.start()) + 2
            for number, line in enumerate(block[2].split("\n"), first):
                yield number, line, line, False


class Pages:
    def __init__(self, facts, folder):
        self.files = set(facts["files"])
        self.folders = {str(parent) for file in self.files for parent in pathlib.PurePath(file).parents}
        self.top = {folder for folder in self.folders if "/" not in folder and folder != "."}
        self.outputs = facts["outputs"]
        self.commands = facts["commands"]
        self.variables = set(facts["variables"])
        self.stated = facts["stated"]
        self.texts = {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.md"))}
        self.wrong = []

    def check(self):
        for page, text in self.texts.items():
            for number, target, defined in links(text):
                self.say(page, number, self.link(page, target) if defined else f"the link [{target}] is not defined")
            for number, line, piece, span in code(text):
                for sentence in self.piece(line, piece, span):
                    self.say(page, number, sentence)
            for number, line in enumerate(text.split("\n"), 1):
                for name in re.findall(r"\bchecks? `([a-z0-9-]+)`", line):
                    if name not in self.outputs["checks"]:
                        self.say(page, number, f"there is no check {name}")
        rows = re.findall(r"^\| `([a-z-]+)` \|", self.texts.get("docs/FACTS.md", ""), re.MULTILINE)
        if "docs/FACTS.md" in self.texts and rows != self.stated:
            different = ", ".join(sorted(set(rows) ^ set(self.stated))) or "their order"
            self.say("docs/FACTS.md", 1, f"its rows are not the keys of nix/images/facts: {different}")
        # A space that does not break is one as well.
        figures = re.sub(r"\s", " ", "".join(self.texts.get(page, "") for page in FIGURES))
        for number, line in enumerate(self.texts.get("README.md", "").split("\n"), 1):
            for figure in MEASURED.findall(line):
                if not re.search(rf"(?<![\d.]){re.escape(figure)}\b", figures):
                    self.say("README.md", number, f"{' and '.join(FIGURES)} have no figure {figure}")
        lines = self.texts.get("README.md", "").count("\n")
        if lines > README_LINES:
            self.say("README.md", lines, f"it has {lines} lines, and {README_LINES} are what two screens have")
        return self.wrong

    def say(self, page, number, sentence):
        if sentence:
            self.wrong.append(f"{page}:{number}: {sentence}")

    def link(self, page, target):
        if re.match(r"[a-z]+:", target):
            return None
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        # Above the repository is what GitHub shows of it.
        if path.startswith("../../actions/"):
            return None
        if path not in self.files and path not in self.folders:
            return f"the link {target} leads to no file"
        if anchor and anchor not in anchors(self.texts.get(path, "")):
            return f"the link {target} leads to no heading"
        return None

    def piece(self, line, piece, span):
        for command in re.findall(r"\./drydock(?: -y)? ([a-z][\w-]*)", piece):
            if command not in self.commands:
                yield f"./drydock has no command {command}"
        for before, output in re.findall(r"(\w*)\s+(?:path:)?\.#([\w.-]*\w)", f" {piece}"):
            kinds = {"run": ["apps"], "develop": ["devShells"], "build": ["packages"]}
            if not self.has_output(output, kinds.get(before, ["packages", "apps", "devShells"])):
                yield f"the flake has no output {output}" + (f" to {before}" if before in kinds else "")
        for output in re.findall(r"(?<!#)\b(?:packages|apps|checks|devShells)\.x86_64-linux\.[\w-]+", piece):
            if not self.has_output(output, []):
                yield f"the flake has no output {output}"
        for name in VARIABLE.findall(piece):
            if name not in self.variables:
                yield f"nobody reads the variable {name}"
        for word in piece.split():
            word = word.strip(",;:\"'()")
            if not PATH.fullmatch(word) or "NAME" in word or word.rstrip("/") in ELSEWHERE:
                continue
            whole = span and word == piece
            inside = "/" in word and word.split("/")[0] in self.top
            name = whole and SOURCE.search(word) and not REVISION.search(line)
            if (inside or name) and not self.has_path(word.rstrip("/"), inside):
                yield f"there is no file {word}"

    def has_output(self, output, kinds):
        parts = output.split(".")
        if parts[0] in self.outputs and len(parts) > 1:
            return len(parts) == 2 or parts[2] in self.outputs[parts[0]] or parts[2].isupper()
        return output.isupper() or any(output in self.outputs[kind] for kind in kinds)

    def has_path(self, path, whole):
        known = self.files | self.folders
        return any(fnmatch.fnmatchcase(file, path) or (not whole and fnmatch.fnmatchcase(file, f"*/{path}")) for file in known)


wrong = Pages(json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2])).check()
print(*wrong, sep="\n", end="\n" if wrong else "")
sys.exit(bool(wrong))
