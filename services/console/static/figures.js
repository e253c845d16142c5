// Charts of 考核: each draws what its place on the page holds, in the colours of the style sheet.
"use strict";
(() => {
  const MANY_DAYS = 31;
  const ROW = 34;
  const AXES = 70;

  function option(told) {
    const [text, soft, line, card] = ["--text", "--soft", "--line", "--card"].map(colourOf);
    const lying = told.kind === "bars";
    const names = {
      type: "category",
      data: told.names,
      inverse: lying,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: line } },
      // of dates some may be left out, of names none
      axisLabel: lying
        ? { color: text, interval: 0, width: 116, overflow: "truncate" }
        : { color: soft, hideOverlap: true, formatter: (name) => (told.kind === "days" ? name.slice(5) : name) },
    };
    const values = {
      type: "value",
      minInterval: 1,
      axisLabel: { color: soft },
      splitLine: { lineStyle: { color: line } },
    };
    return {
      animation: false,
      aria: { enabled: true, label: { description: told.described } },
      textStyle: { fontFamily: "inherit" },
      grid: { left: 8, right: 16, top: 34, bottom: 10, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: text } },
      // a tooltip of HTML brings inline styles, which the page's policy forbids
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: card,
        borderColor: line,
        textStyle: { color: text },
      },
      xAxis: lying ? values : names,
      yAxis: lying ? names : values,
      series: told.series.map((one) => ({
        name: one.name,
        type: lying || told.names.length <= MANY_DAYS ? "bar" : "line",
        showSymbol: false,
        barMaxWidth: 18,
        itemStyle: { color: colourOf(one.colour) },
        data: one.values,
      })),
    };
  }

  for (const place of document.querySelectorAll("[data-chart]")) {
    const told = JSON.parse(place.dataset.chart);
    if (told.kind === "bars") place.style.height = `${told.names.length * ROW + AXES}px`;
    const chart = echarts.init(place);
    chart.setOption(option(told));
    new ResizeObserver(() => chart.resize()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.setOption(option(told)));
  }
})();
