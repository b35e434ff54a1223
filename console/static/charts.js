// Draws the charts of the page from the JSON in it; colours are the tokens', so that both themes have their own.
(() => {
  const island = document.getElementById("drawn");
  if (!island) return;
  const drawn = JSON.parse(island.textContent), plots = [];
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const write = { share: (v) => `${+(100 * v).toPrecision(3)} %`, ms: (v) => `${+v.toPrecision(3)} ms`, usd: (v) => `$${+v.toPrecision(3)}`, "": (v) => `${+v.toPrecision(4)}` };
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

  const marks = () => ({ hooks: { draw: [(u) => {
    const { ctx, bbox } = u, scale = devicePixelRatio;
    ctx.save();
    for (const mark of drawn.marks) {
      const x = u.valToPos(mark.at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const colour = token(mark.kind === "alert" ? "--bad" : "--info");
      ctx.strokeStyle = colour; ctx.fillStyle = colour; ctx.lineWidth = 1.4 * scale;
      ctx.setLineDash(mark.kind === "alert" ? [] : [4 * scale, 4 * scale]);
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      ctx.beginPath();
      if (mark.kind === "alert") { ctx.moveTo(x, bbox.top - 1 * scale); ctx.lineTo(x - 5 * scale, bbox.top - 10 * scale); ctx.lineTo(x + 5 * scale, bbox.top - 10 * scale); }
      else ctx.arc(x, bbox.top - 5 * scale, 4 * scale, 0, 7);
      ctx.fill();
    }
    ctx.restore();
  }] } });

  const tip = (box, unit) => {
    const note = document.createElement("div");
    note.className = "tip"; note.hidden = true; box.append(note);
    return { hooks: { setCursor: [(u) => {
      const at = u.cursor.idx;
      note.hidden = at == null || u.cursor.left < 0;
      if (note.hidden) return;
      const near = drawn.marks.filter((mark) => Math.abs(mark.at - u.data[0][at]) < 86400 && mark.at >= u.data[0][at]);
      note.replaceChildren(...[day.format(u.data[0][at] * 1000), ...u.series.slice(1).map((s, n) => `${s.label}: ${u.data[n + 1][at] == null ? "–" : write[unit](u.data[n + 1][at])}`), ...near.map((mark) => `${mark.kind}: ${mark.label}`)].map((text) => Object.assign(document.createElement("div"), { textContent: text })));
      note.style.left = `${Math.min(Math.max(u.cursor.left + u.over.offsetLeft, 60), box.clientWidth - 70)}px`;
    }] } };
  };

  const draw = () => {
    for (const plot of plots.splice(0)) plot.destroy();
    for (const box of document.querySelectorAll("[data-chart]")) {
      const chart = drawn.charts[box.dataset.chart];
      box.replaceChildren();
      const axis = { stroke: token("--ink-3"), grid: { stroke: token("--chart-grid"), width: 1 }, ticks: { show: false }, font: "12px Inter, sans-serif" };
      const alone = drawn.days.length === 1;
      plots.push(new uPlot({
        width: box.clientWidth, height: 190, legend: { show: false }, padding: [14, 24, 0, 0],
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { x: { time: true }, y: { range: (_u, low, high) => { const top = high == null || high <= 0 ? 1 : high * 1.08; return [Math.min(0, low ?? 0), top]; } } },
        axes: [{ ...axis, values: (_u, at) => at.map((v) => day.format(v * 1000)), space: 70, size: 26 }, { ...axis, size: 58, values: (_u, at) => at.map(write[chart.unit]), space: 34 }],
        series: [{}, ...chart.series.map((s, n) => ({ label: s.label, stroke: token(`--chart-${(n % 4) + 1}`), width: 2, dash: n > 3 ? [6, 4] : undefined, points: { show: alone, size: 6 }, spanGaps: false }))],
        plugins: [marks(), tip(box, chart.unit)],
      }, [drawn.days, ...chart.series.map((s) => s.values)], box));
    }
  };
  draw();
  let wait; const again = () => { clearTimeout(wait); wait = setTimeout(draw, 120); };
  addEventListener("resize", again);
  document.addEventListener("recops-theme", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
