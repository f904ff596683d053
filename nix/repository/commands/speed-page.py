"""Makes docs/SPEED.md and its pictures of what is in bench/runs, as bench/plots.toml has them:
speed-page.py FOLDER, with the repository in it. The same files give the same page, to the byte."""

import csv
import html
import shutil
import statistics
import sys
import tomllib
from pathlib import Path

# What the results and bench/plots.toml call units, what each is of the least, and the multiples
# that figures are written in.
BYTES = [(1, "\u00a0B"), (1e3, "\u00a0kB"), (1e6, "\u00a0MB"), (1e9, "\u00a0GB")]
SECONDS = [(1e-9, "\u00a0ns"), (1e-6, "\u00a0µs"), (1e-3, "\u00a0ms"), (1, "\u00a0s")]
UNITS = {
    "B": (1, BYTES),
    "KiB": (1024, BYTES),
    "MB": (1e6, BYTES),
    "us": (1e-6, SECONDS),
    "ms": (1e-3, SECONDS),
    "s": (1, SECONDS),
    "1/s": (1, [(1, "/s")]),
    "1": (1, [(1, "")]),
}

# From row to row of a picture, above the first of them, and where the longest bars end.
ROW, HEAD, RIGHT = 22, 46, 600

STYLE = """
svg { fill: #1f2328; font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
.page { fill: #fff }
.title { font-size: 15px; font-weight: 600 }
.heading, .ours text { font-weight: 600 }
.quiet { fill: #59636e }
.bar { fill: #9aa5b1 }
.ours .bar { fill: #2f81f7 }
.limit { stroke: #c11a25; stroke-width: 2; stroke-dasharray: 4 2 }
@media (prefers-color-scheme: dark) {
svg { fill: #f0f6fc }
.page { fill: #0d1117 }
.quiet { fill: #9198a1 }
.bar { fill: #656c76 }
.ours .bar { fill: #1f6feb }
.limit { stroke: #ff7b72 }
}
"""

HEADING = """\
# Speed

<!-- Made by `./drydock bench page` of bench/plots.toml and bench/runs; what is edited here by hand fails the check `speed-page`. -->

What the service costs, side by side with what people would use instead.
The machine decides absolute figures, so what is claimed is a ratio.
In each round every contender is started anew, one after the other, so that what the machine does besides falls on all of them.
A ratio is of two figures of the same round.
What stands here are the medians of the rounds, and behind each the least and the most of them.

## What is asked
"""


def wrong(what):
    sys.exit(f"speed-page: error: {what}")


def known(table, name, *keys):
    """Refuses a table with a key that nobody reads."""
    for key in table:
        if key not in keys:
            wrong(f"bench/plots.toml: {name} has '{key}'; it may have {', '.join(keys)}")


def significant(figure):
    """Three digits that say something, and a space before each three of the thousands."""
    figure = float(f"{figure:.2e}")
    size = abs(figure)
    digits = next((n for n, least in enumerate([100, 10, 1, 0.1, 0.01]) if size >= least), 5)
    return f"{figure:,.{digits if figure else 0}f}".replace(",", "\u00a0")


def multiple(figure, multiples):
    """The largest multiple of which a figure is one or more."""
    size = abs(float(f"{figure:.2e}"))
    return next((one for one in reversed(multiples) if size >= one[0]), multiples[0])


def amount(figure, multiples):
    size, name = multiple(figure, multiples)
    return significant(figure / size) + name


def spread(figures, written, size=1):
    """The median as it is written, and the least and the most in the same multiple."""
    low, high = significant(min(figures) / size), significant(max(figures) / size)
    return f"{written} ({low} to {high})"


def amounts(figures, multiples):
    middle = statistics.median(figures)
    return spread(figures, amount(middle, multiples), multiple(middle, multiples)[0])


def times(ratios):
    return spread(ratios, significant(statistics.median(ratios)) + "×")


def ratios(own, base):
    """Of each round by itself, since a round's figures share what else the machine did."""
    return [own[of] / base[of] for of in base if of in own and base[of] > 0]


def distinct(all):
    return list(dict.fromkeys(all))


class Run:
    """A run's figures, as `--write` left them."""

    def __init__(self, path):
        lines = path.read_text().splitlines()
        self.about = [line[1:].strip() for line in lines if line.startswith("#")]
        self.commit = next(line for line in self.about if line.startswith("commit: "))[8:]
        self.units, self.figures, self.missing, self.shown = {}, {}, {}, []
        self.rounds = 0
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            who, metric, unit, value = (row[key] for key in ("contender", "metric", "unit", "value"))
            self.rounds = max(self.rounds, int(row["round"]))
            self.shown.append((who, metric))
            if not value:
                # Its unit is why there is none.
                self.missing[who, metric, unit] = self.missing.get((who, metric, unit), 0) + 1
                continue
            if unit not in UNITS:
                wrong(f"{path}: there is no unit '{unit}'")
            factor, self.units[metric] = UNITS[unit]
            self.figures.setdefault((who, metric), {})[int(row["round"])] = float(value) * factor

    def of(self, contender, metric):
        """The figures by round."""
        return self.figures.get((contender, metric), {})

    def why_not(self, contender, metric):
        why = [why for who, what, why in self.missing if who == contender and what in (metric, "")]
        return why[-1] if why else "not measured"

    def metrics(self, wanted):
        """What there is of these; one that ends in * is all that begin so."""
        found = distinct(metric for _, metric in self.shown if metric)
        return distinct(one for name in wanted for one in found if matches(name, one))


def matches(name, metric):
    return metric.startswith(name[:-1]) if name.endswith("*") else metric == name


def reference(of):
    """What ratios are of, in words."""
    contender, metric = of.get("contender"), of.get("metric")
    if contender and metric:
        return f"{contender}'s {metric}"
    return contender or f"its {metric}"


def judge(plot, bar, run):
    """Holds a bar against the figures."""
    name = f"the bar of {bar['metric']} in '{plot['title']}'"
    known(bar, name, "contender", "metric", "of", "unit", "limit", "because")
    known(bar["limit"], name, "least", "most")
    if not any(matches(wanted, bar["metric"]) for wanted in plot["metrics"]):
        wrong(f"{name} is of a metric that is not in the plot")
    if ("of" in bar) == ("unit" in bar):
        wrong(f"{name} needs either `of` or `unit`")
    own = run.of(bar["contender"], bar["metric"])
    [(kind, limit)] = bar["limit"].items()
    asked = f"{'≥' if kind == 'least' else '≤'} {limit:g}"
    bar["at"], seen, multiples = None, "", run.units.get(bar["metric"])
    if "of" in bar:
        of = bar["of"]
        base = run.of(of.get("contender", bar["contender"]), of.get("metric", bar["metric"]))
        figures = ratios(own, base)
        asked += f"× of {reference(of)}"
        if figures:
            bar["at"], seen = statistics.median(base.values()) * limit, times(figures)
    else:
        factor, asked_in = UNITS[bar["unit"]]
        if multiples not in (None, asked_in):
            wrong(f"{name} is not measured in '{bar['unit']}'")
        asked += f"\u00a0{bar['unit']}"
        figures = [figure / factor for figure in own.values()]
        bar["at"] = limit * factor
        if figures:
            seen = amounts(own.values(), multiples)
    meets = (lambda it: it >= limit) if kind == "least" else (lambda it: it <= limit)
    bar["met"] = bool(figures) and meets(statistics.median(figures))
    verdict = "not measured"
    if figures:
        verdict = "met" if bar["met"] else "**not met**"
        verdict += f" (in {sum(map(meets, figures))} of {len(figures)} rounds)"
    title, metric, contender = plot["title"], cell(bar["metric"]), cell(bar["contender"])
    bar["row"] = f"| {title} | `{metric}` | `{contender}` | {cell(asked)} | {seen} | {verdict} |"
    bar["excuse"] = None
    if figures and not bar["met"] and "because" in bar:
        bar["excuse"] = f"\n{title}, `{metric}` of `{contender}`: {bar['because']}"


def cell(text):
    """A text in a table, where a bar would end the cell."""
    return text.replace("|", "\\|")


def groups(plot, run, wanted):
    """Of each metric of a plot, whose figures there are, and to what the ratios are of."""
    metrics = run.metrics(plot["metrics"])
    units = distinct(tuple(run.units[metric]) for metric in metrics if metric in run.units)
    if len(units) != 1:
        wrong(f"bench/plots.toml: {', '.join(metrics)} of '{plot['title']}' are not of one unit")
    of = plot.get("reference")
    for metric in metrics:
        have = [who for who, what in run.shown if what == metric]
        rows = []
        for contender in distinct(plot.get("contenders", wanted) + have):
            own, base = run.of(contender, metric), (contender, metric)
            if of:
                base = (of.get("contender", contender), of.get("metric", metric))
            ratio = ratios(own, run.of(*base)) if base != (contender, metric) else []
            rows.append((contender, list(own.values()), ratio))
        yield metric, units[0], rows


def picture(plot, run, plots, wanted):
    """A table as a picture. Each figure stands beside its bar, so that there is no axis: the
    longest of a metric's is the whole width."""
    all, text = list(groups(plot, run, wanted)), html.escape
    # What a letter takes at most, since text cannot be measured here.
    left = 24 + 7 * max(len(row[0]) for _, _, rows in all for row in rows)
    body, y = [], HEAD
    for metric, unit, rows in all:
        if len(all) > 1:
            label = text(plots["metrics"].get(metric, metric))
            body.append(f'<text class="heading" x="12" y="{y + 16}">{label}</text>')
            y += ROW
        bars = [bar for bar in plot.get("bar", []) if bar["metric"] == metric and bar["at"]]
        most = max([figure for row in rows for figure in row[1]] + [bar["at"] for bar in bars])
        percent = lambda figure: f"{max(100 * figure / most, 0):.1f}%"
        for contender, figures, ratio in rows:
            body.append('<g class="ours">' if contender in plots["ours"] else "<g>")
            body.append(f'<text x="12" y="{y + 15}">{text(contender)}</text>')
            body.append(f'<svg x="{left}" y="{y}" width="{RIGHT - left}" height="{ROW}">')
            kind, said = ' class="quiet"', run.why_not(contender, metric)
            if figures:
                middle, low = statistics.median(figures), min(figures)
                length = percent(max(figures) - low)
                body.append(f'<rect class="bar" y="4" width="{percent(middle)}" height="14"/>')
                body.append(f'<rect y="10" x="{percent(low)}" width="{length}" height="2"/>')
                kind, said = "", amount(middle, unit)
            if ratio:
                said += f", {significant(statistics.median(ratio))}×"
            for bar in bars:
                # One that is of the contender's own figures says nothing of the others.
                if bar["contender"] == contender or "contender" in bar.get("of", {}):
                    at = percent(bar["at"])
                    body.append(f'<line class="limit" x1="{at}" x2="{at}" y2="{ROW}"/>')
            body.append(f'</svg>\n<text{kind} x="{RIGHT + 12}" y="{y + 15}">{text(said)}</text>\n</g>')
            y += ROW
    title, height = text(plot["title"]), y + 8
    note = "Medians; thin lines from the least to the most of the rounds"
    note += "; dashed: what is asked" if plot.get("bar") else ""
    note += f"; × of {text(reference(plot['reference']))}" if "reference" in plot else ""
    head = f"""\
<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title" width="760" height="{height}" viewBox="0 0 760 {height}">
<title id="title">{title}</title>
<style>{STYLE}</style>
<rect class="page" width="760" height="{height}"/>
<text class="title" x="12" y="20">{title}</text>
<text class="quiet" x="12" y="37">{note}</text>"""
    return "\n".join([head, *body, "</svg>\n"])


def table(plot, run, plots, wanted):
    """A plot's part of the page."""
    yield f"\n### {plot['title']}"
    if plot.get("text"):
        yield "\n" + "\n".join(plot["text"])
    if "picture" in plot:
        yield f"\n![{plot['title']}, as bars with the figures of the table](speed/{plot['picture']}.svg)"
    of = plot.get("reference")
    yield "\n| metric | contender | measured |" + (f" ratio to {cell(reference(of))} |" if of else "")
    yield "| --- | --- | --- |" + (" --- |" if of else "")
    for metric, unit, rows in groups(plot, run, wanted):
        for contender, figures, ratio in rows:
            seen = amounts(figures, unit) if figures else run.why_not(contender, metric)
            label = cell(plots["metrics"].get(metric, metric))
            row = f"| {label} | `{cell(contender)}` | {seen} |"
            yield row + (f" {times(ratio) if ratio else ''} |" if of else "")


def part(wanted, run, plots):
    """A run's part of the page."""
    file = f"bench/runs/{wanted['name']}.csv"
    yield f"\n## {wanted['title']}\n"
    yield from wanted["text"]
    yield f"\n```sh\n{wanted['command']}\n./drydock bench page\n```\n"
    yield f"The figures are in [{file}](../{file}): {run.rounds} rounds of commit `{run.commit}`.\n"
    yield from ["```text", *run.about, "```\n"]
    yield "| contender | what it is |\n| --- | --- |"
    for contender in distinct(who for who, _ in run.shown):
        yield f"| `{cell(contender)}` | {wanted.get('about', {}).get(contender, '')} |"
    if run.missing:
        yield "\nWhat is missing:\n"
        yield "| contender | metric | why | rounds |\n| --- | --- | --- | --- |"
    else:
        yield "\nNothing is missing."
    for (contender, metric, why), rounds in run.missing.items():
        what = f"`{cell(metric)}`" if metric else "all"
        yield f"| `{cell(contender)}` | {what} | {why} | {rounds} |"
    for plot in wanted["plot"]:
        yield from table(plot, run, plots, wanted.get("contenders", []))


def main(root):
    plots = tomllib.loads((root / "bench/plots.toml").read_text())
    known(plots, "it", "ours", "metrics", "run")
    shutil.rmtree(root / "docs/speed", ignore_errors=True)
    (root / "docs/speed").mkdir(parents=True)
    parts, bars = [], []
    for wanted in plots["run"]:
        known(wanted, "a run", "name", "title", "text", "command", "contenders", "about", "plot")
        run = Run(root / f"bench/runs/{wanted['name']}.csv")
        for metric in run.units:
            names = [name for plot in wanted["plot"] for name in plot["metrics"]]
            if not any(matches(name, metric) for name in names):
                wrong(f"bench/plots.toml has no plot of '{metric}' of {wanted['name']}")
        for plot in wanted["plot"]:
            known(plot, "a plot", "picture", "title", "text", "metrics", "contenders", "reference", "bar")
            for bar in plot.get("bar", []):
                judge(plot, bar, run)
                bars.append(bar)
            if "picture" in plot:
                drawn = picture(plot, run, plots, wanted.get("contenders", []))
                (root / f"docs/speed/{plot['picture']}.svg").write_text(drawn)
        parts += part(wanted, run, plots)
    met = sum(bar["met"] for bar in bars)
    asked = [
        f"{met} of {len(bars)} bars are met, which the median decides.\n",
        "| plot | metric | contender | bar | measured | |\n| --- | --- | --- | --- | --- | --- |",
        *(bar["row"] for bar in bars),
        *(bar["excuse"] for bar in bars if bar["excuse"]),
    ]
    (root / "docs/SPEED.md").write_text("\n".join([HEADING, *asked, *parts]) + "\n")


main(Path(sys.argv[1]))
