// The history that the charts show: points come each second, and the oldest are merged, two by two, once there
// are too many, so that a page that stays open for a day does not grow.
(function (E2E) {
  const MOST = 960;
  const VALUES = ["rps", "fps", "p50", "p95", "p99"];

  const same = (a, b) => a.method === b.method && a.name === b.name;

  // Adds a point; one that is known already changes nothing.
  E2E.append = function (series, point) {
    const last = series.t.length ? series.t[series.t.length - 1] : -Infinity;
    if (!point || point.t <= last) return;
    series.t.push(point.t);
    series.users.push(point.users);
    for (const name of VALUES) series[name].push(point[name]);
    for (const endpoint of point.endpoints) {
      if (!series.endpoints.some((known) => same(known, endpoint))) {
        const fresh = { method: endpoint.method, name: endpoint.name };
        for (const name of VALUES) fresh[name] = new Array(series.t.length - 1).fill(null);
        series.endpoints.push(fresh);
      }
    }
    for (const known of series.endpoints) {
      const found = point.endpoints.find((endpoint) => same(known, endpoint));
      for (const name of VALUES) known[name].push(found ? found[name] : null);
    }
    if (series.t.length > MOST) thin(series);
  };

  function thin(series) {
    const lengths = series.t.map((t, index) => t - (index ? series.t[index - 1] : 0));
    // The newest quarter stays as it is.
    const until = Math.floor((series.t.length * 3) / 8) * 2;
    const pairs = (list, merge) => {
      const merged = [];
      for (let index = 0; index < until; index += 2) merged.push(merge(list, index));
      return merged.concat(list.slice(until));
    };
    const mean = (weights) => (list, index) => {
      const [a, b] = [list[index], list[index + 1]];
      if (a === null || b === null) return a === null ? b : a;
      const [x, y] = [weights[index] || 0, weights[index + 1] || 0];
      return x + y > 0 ? (a * x + b * y) / (x + y) : (a + b) / 2;
    };
    const thinned = (part) => {
      const requests = part.rps.map((rps, index) => (rps || 0) * lengths[index]);
      const shorter = {};
      for (const name of VALUES) {
        shorter[name] = pairs(part[name], mean(name === "rps" || name === "fps" ? lengths : requests));
      }
      Object.assign(part, shorter);
    };
    series.endpoints.forEach(thinned);
    thinned(series);
    series.users = pairs(series.users, (list, index) => Math.max(list[index], list[index + 1]));
    series.t = pairs(series.t, (list, index) => list[index + 1]);
  }
})(window.E2E);
