"""Makes an image archive as nixpkgs' dockerTools make it: `layers` cuts a closure into layers by the
steps of a pipeline, and `archive` writes what it says to standard output.

The steps are nixpkgs' own: https://nixos.org/manual/nixpkgs/stable/#ssec-pkgs-dockerTools, layeringPipeline.
"""

import collections
import hashlib
import io
import json
import os
import pathlib
import sys
import tarfile

CREATED = "1970-01-01T00:00:01+00:00"
MTIME = 1


class Pipeline:
    """The steps on sets of store paths. A step gives one set, a list of sets, or sets by name."""

    def __init__(self, graph, excluded):
        self.references = {
            node["path"]: set(node["references"]) - set(excluded) - {node["path"]}
            for node in graph
            if node["path"] not in excluded
        }

    def run(self, steps, paths):
        for name, *arguments in steps:
            paths = getattr(self, name)(*arguments, paths)
        return paths

    pipe = run

    def below(self, starts, paths, cut=frozenset()):
        found, waiting = set(), [path for path in starts if path in paths]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += (self.references[path] & paths) - cut
        return found

    def roots(self, paths):
        used = set().union(*(self.references[path] for path in paths))
        return [path for path in paths if path not in used]

    def split_paths(self, names, paths):
        split = {name for name in names if name in paths}
        if not split:
            return {"rest": paths}
        roots = self.roots(paths)
        if len(roots) == 1 and roots[0] in split:
            return {"main": paths}
        off = self.below(split, paths)
        kept = self.below([root for root in roots if root not in split], paths, cut=split)
        parts = {"main": off - kept, "common": off & kept, "rest": kept - off}
        return {name: part for name, part in parts.items() if part}

    def over(self, name, step, parts):
        return {**parts, name: self.run([step], parts[name])}

    def popularity_contest(self, paths):
        contests = {}

        def contest(starts):
            votes = collections.Counter()
            for path in starts:
                if path not in contests:
                    contests[path] = contest(self.references[path] & paths)
                votes[path] += 1
                for below, more in contests[path].items():
                    votes[below] += more + 1
            return votes

        def by_name(path):
            digest, _, name = path.partition("-")
            return f"{name}-{digest}"

        votes = contest(self.roots(paths))
        return [{path} for path in sorted(votes, key=lambda path: (-votes[path], by_name(path)))]

    def flatten(self, parts):
        if isinstance(parts, set):
            return [parts]
        parts = parts.values() if isinstance(parts, dict) else parts
        return [flat for part in parts for flat in self.flatten(part)]

    def reverse(self, layers):
        return list(reversed(layers))

    def limit_layers(self, most, layers):
        return layers[: most - 1] + [set().union(*layers[most - 1 :])]


def layers(attributes):
    pipeline = Pipeline(attributes["graph"], attributes["excluded"])
    cut = pipeline.run(attributes["pipeline"], set(pipeline.references))
    cut = [sorted(layer) for layer in pipeline.flatten(cut) if layer]
    with open(attributes["outputs"]["out"], "w") as out:
        json.dump(
            {
                "image": json.loads(pathlib.Path(attributes["base"]).read_text()),
                "customisation": attributes["customisation"],
                "repoTag": attributes["repoTag"].lower(),
                "layers": cut,
            },
            out,
        )


def plain(member):
    member.mtime, member.uid, member.gid = MTIME, 0, 0
    member.uname = member.gname = "root"
    return member


def write_layer(out, paths):
    with tarfile.open(fileobj=out, mode="w|") as tar:
        for folder in ["/nix", "/nix/store"]:
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(plain(member))
        for path in map(pathlib.Path, paths):
            files = [path] if path.is_symlink() else sorted([path, *path.rglob("*")])
            for file in files:
                member = tar.gettarinfo(file)
                member.name = f"/{member.name}"
                if member.islnk():
                    member.type, member.linkname, member.size = tarfile.REGTYPE, "", file.stat().st_size
                plain(member)
                if member.isfile():
                    with file.open("rb") as content:
                        tar.addfile(member, content)
                else:
                    tar.addfile(member)


class Sum:
    """What is written to it is only counted and hashed."""

    def __init__(self):
        self.size, self.hash = 0, hashlib.sha256()

    def write(self, data):
        self.size += len(data)
        self.hash.update(data)


def archive(conf):
    def add(name, size, content):
        member = tarfile.TarInfo(name)
        member.size, member.mtime = size, MTIME
        tar.addfile(member, content)

    def add_json(name, value):
        text = json.dumps(value, indent=4).encode()
        name = name or hashlib.sha256(text).hexdigest() + ".json"
        add(name, len(text), io.BytesIO(text))
        return name

    digests, comments = [], []
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for paths in conf["layers"]:
            summed = Sum()
            write_layer(summed, paths)
            digests.append(summed.hash.hexdigest())
            comments.append(paths)
            # Written once more: the size comes before the content.
            reader, writer = os.pipe()
            if os.fork() == 0:
                os.close(reader)
                with open(writer, "wb") as out:
                    write_layer(out, paths)
                os._exit(0)
            os.close(writer)
            with open(reader, "rb") as content:
                add(f"{digests[-1]}/layer.tar", summed.size, content)
        with open(conf["customisation"], "rb") as content:
            digests.append(hashlib.file_digest(content, "sha256").hexdigest())
            comments.append([os.path.dirname(conf["customisation"])])
            content.seek(0)
            add(f"{digests[-1]}/layer.tar", os.stat(conf["customisation"]).st_size, content)
        image = {
            "created": CREATED,
            "architecture": conf["image"]["architecture"],
            "os": "linux",
            "config": conf["image"]["config"],
            "rootfs": {"diff_ids": [f"sha256:{digest}" for digest in digests], "type": "layers"},
            "history": [{"created": CREATED, "comment": f"store paths: {paths}"} for paths in comments],
        }
        name = add_json(None, image)
        manifest = {
            "Config": name,
            "RepoTags": [conf["repoTag"]],
            "Layers": [f"{digest}/layer.tar" for digest in digests],
        }
        add_json("manifest.json", [manifest])


if sys.argv[1] == "layers":
    layers(json.loads(pathlib.Path(os.environ["NIX_ATTRS_JSON_FILE"]).read_text()))
else:
    archive(json.loads(pathlib.Path(sys.argv[2]).read_text()))
