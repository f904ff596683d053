// Asks again without reloading, and draws how long each round trip took. Without this
// script the button is a link, which asks by loading the page anew.

const SHOWN = 30;
const HEIGHT = 64;
const STEP = 10;

const link = document.getElementById("ask");
const status = document.getElementById("status");
const chart = document.getElementById("chart");
const [svg, caption] = chart.children;

const trips = [];
let asking = false;

const milliseconds = (trip) => `${trip.toFixed(1)} ms`;

const median = () => {
  const sorted = [...trips].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const draw = () => {
  const slowest = Math.max(...trips);
  const bars = trips.map((trip, index) => {
    const height = Math.max(1, (trip / slowest) * HEIGHT);
    const bar = document.createElementNS(svg.namespaceURI, "rect");
    const place = {
      x: index * STEP + 1,
      y: HEIGHT - height,
      width: STEP - 2,
      height,
    };
    for (const name in place) bar.setAttribute(name, place[name]);
    return bar;
  });
  svg.replaceChildren(...bars);
  svg.setAttribute("aria-label", `Round trips, oldest first: ${trips.map(milliseconds).join(", ")}`);
  caption.textContent = `${trips.length === 1 ? "The first round trip" : `The last ${trips.length} round trips`}: fastest ${milliseconds(Math.min(...trips))}, median ${milliseconds(median())}, slowest ${milliseconds(slowest)}`;
  chart.hidden = false;
};

const ask = async () => {
  const start = performance.now();
  const response = await fetch(link.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  const text = await response.text();
  const trip = performance.now() - start;
  if (!response.ok) return `The server answered ${response.status}.`;
  const groups = new DOMParser().parseFromString(text, "text/html").getElementById("groups");
  document.getElementById("groups").replaceWith(groups);
  if (trips.push(trip) > SHOWN) trips.shift();
  draw();
  return `Answered in ${milliseconds(trip)}.`;
};

const button = document.createElement("button");
button.type = "button";
button.id = link.id;
button.className = link.className;
button.textContent = link.textContent;
button.addEventListener("click", async () => {
  // One at a time, or they would measure each other.
  if (asking) return;
  asking = true;
  status.textContent = await ask().catch(() => "The server cannot be reached.");
  asking = false;
});
link.replaceWith(button);
