// Chart panels: <div data-chart="id of a json_script">.
for (const panel of document.querySelectorAll("[data-chart]")) {
  const option = JSON.parse(document.getElementById(panel.dataset.chart).textContent);
  const dark = "dark" in panel.dataset;
  const chart = echarts.init(panel, dark ? "dark" : null, { renderer: "svg" });
  chart.setOption({ color: [dark ? "#3fb0e0" : "#14506b"], backgroundColor: "transparent", ...option });
  window.addEventListener("resize", () => chart.resize());
}
