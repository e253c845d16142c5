// The wall's clock, and the chart of the day's alerts.
"use strict";
(() => {
  const clock = document.getElementById("clock");
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    timeZone: "Asia/Shanghai", dateStyle: "long", timeStyle: "medium",
  });
  const tick = () => { clock.textContent = format.format(new Date()); };
  tick();
  setInterval(tick, 1000);

  const place = document.getElementById("hours");
  if (!place) return;
  const [bar, soft, line] = ["--accent", "--soft", "--line"].map(colourOf);
  const chart = echarts.init(place);
  let told = "";

  function renew() {
    const said = document.getElementById("counts").dataset.hours;
    if (said === told) return;
    told = said;
    chart.setOption({
      animation: false,
      grid: { left: 44, right: 8, top: 10, bottom: 24 },
      xAxis: { type: "category", data: [...Array(24).keys()], axisLabel: { interval: place.clientWidth > 500 ? 0 : 2, color: soft } },
      yAxis: { type: "value", minInterval: 1, axisLabel: { color: soft }, splitLine: { lineStyle: { color: line } } },
      series: [{ type: "bar", data: JSON.parse(said), itemStyle: { color: bar } }],
    });
  }

  renew();
  new MutationObserver(renew).observe(document.getElementById("now"), { subtree: true, attributes: true });
  addEventListener("resize", () => chart.resize());
})();
