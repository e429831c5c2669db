// What a realtime answer says, series by series and all together.

/** The operation type and the backend of a series' name; a backend that is known settles where a colon belongs. */
export function partsOf(name, backends = []) {
  const known = backends.filter((backend) => name.endsWith(`:${backend}`)).sort((one, two) => two.length - one.length)[0];
  const at = known === undefined ? name.indexOf(":") : name.length - known.length - 1;
  return { operationType: name.slice(0, at), backend: name.slice(at + 1) };
}

/** A row for each series: what is in flight now, what ended in the window, how well and how fast. */
export function rowsOf(answer, backends = []) {
  return Object.entries(answer.status_distribution ?? {}).map(([name, statuses]) => {
    const latency = answer.latency?.[name];
    const { pending, processing, retrying, completed, failed } = statuses;
    const ended = completed + failed;
    return {
      name,
      ...partsOf(name, backends),
      pending,
      processing,
      retrying,
      inFlight: pending + processing + retrying,
      completed,
      failed,
      ended,
      throughput: answer.throughput?.[name] ?? 0,
      success: ended ? completed / ended : null,
      median: latency?.median ?? null,
      p95: latency?.percentile_95 ?? null,
      p99: latency?.percentile_99 ?? null,
      latencies: latency?.count ?? 0,
    };
  });
}

/** All series together; `worst` is the row with the highest p95, null where nothing has a latency. */
export function totalsOf(answer, rows) {
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  const [completed, failed] = [sum("completed"), sum("failed")];
  const ended = completed + failed;
  const worst = rows.reduce((found, row) => ((row.p95 ?? -1) > (found?.p95 ?? -1) ? row : found), null);
  return {
    window: answer.window,
    throughput: answer.throughput?.overall ?? 0,
    completed,
    failed,
    ended,
    success: ended ? completed / ended : null,
    pending: sum("pending"),
    processing: sum("processing"),
    retrying: sum("retrying"),
    inFlight: sum("inFlight"),
    worst: worst?.p95 === null ? null : worst,
  };
}
