// What a click on a chart was on: a figure names the series, or the status, of a trace in its `meta`.

// A second click within this time (ms) is a double click, which is Plotly's own.
const DOUBLE_CLICK = 350;

/** Call `lead(filters)` with what names the series, or the status, that is clicked on in a plot. */
export function onPointed(plot, lead) {
  let waiting = 0;
  plot.on("plotly_click", ({ points, event }) => {
    const found = pointedAt(plot, points, event);
    clearTimeout(waiting);
    if (found && event.detail < 2) waiting = setTimeout(() => lead(found), DOUBLE_CLICK);
  });
}

function pointedAt(plot, points, event) {
  const named = points.filter(({ data }) => data.meta).sort((one, other) => one.curveNumber - other.curveNumber);
  const point = named.length > 1 ? layerAt(plot, named, event) : named[0];
  const { series, status } = point?.data.meta ?? {};
  if (status) return { status };
  return series?.[rowOf(point)] ?? null;
}

/** Which of the layers of a stack an event was on: Plotly tells of all that have the same instant. */
function layerAt(plot, points, event) {
  const { yaxis } = points[0];
  const value = yaxis.p2c(event.clientY - plot.getBoundingClientRect().top - yaxis._offset);
  let top = 0;
  return points.find(({ y }) => (top += y) >= value);
}

/** The row of a heat map, or of bars that lie; what stands has one series. */
function rowOf({ data, pointNumber, y }) {
  if (data.type === "heatmap") return pointNumber[0];
  return data.orientation === "h" ? y : 0;
}
