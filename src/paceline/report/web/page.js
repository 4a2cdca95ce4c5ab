// Draws the charts, by day or by night as the reader's system says.
(async () => {
  const { charts, looks } = JSON.parse(document.getElementById("charts").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();
  let turn = 0;

  async function draw(place, look) {
    const { spec, data } = charts[place.dataset.chart];
    const whole = { ...spec, datasets: data, config: looks[look], width: "container", autosize: { type: "fit-x", contains: "padding" } };
    views.get(place)?.finalize();
    views.set(place, await vegaEmbed(place, whole, { renderer: "svg", actions: false, tooltip: { theme: look === "night" ? "dark" : "light" } }));
  }

  async function drawAll(look) {
    const mine = ++turn;
    document.documentElement.dataset.charts = "drawing";
    for (const place of document.querySelectorAll("[data-chart]")) {
      if (mine !== turn) return;
      try {
        await draw(place, look);
      } catch (error) {
        console.error(place.dataset.chart, error);
        place.textContent = `This chart can't be drawn (${error.message}); its table is below.`;
      }
    }
    document.documentElement.dataset.charts = look;
  }

  const now = () => drawAll(dark.matches ? "night" : "day");
  dark.addEventListener("change", now);
  await now();
})();
