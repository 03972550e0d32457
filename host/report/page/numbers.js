// Numbers and times as people read them; the same rules as on the terminal.
(function (E2E) {
  const is = (value) => value !== null && value !== undefined && Number.isFinite(value);

  E2E.count = (value) => (is(value) ? Math.round(value).toLocaleString("en-US").replace(/,/g, "\u202f") : "–");

  // ms: whole, or with two decimals below 10.
  E2E.ms = (value) => {
    if (!is(value)) return "–";
    if (value === 0) return "0";
    return value < 9.995 ? value.toFixed(2) : E2E.count(value);
  };

  E2E.msWithUnit = (value) => (is(value) ? E2E.ms(value) + " ms" : "–");

  E2E.rate = (value) => {
    if (!is(value)) return "–";
    if (value < 99.995) return value.toFixed(2);
    return value < 999.95 ? value.toFixed(1) : E2E.count(value);
  };

  // Only all of it is 100 %, and only none of it 0 %.
  E2E.percent = (ratio) => {
    if (!is(ratio)) return "–";
    const percent = ratio * 100;
    if (percent > 0 && percent < 0.01) return "0.01 %";
    if (percent < 100 && percent > 99.99) return "99.99 %";
    return percent.toFixed(2) + " %";
  };

  E2E.bytes = (value) => {
    if (!is(value)) return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit += 1;
    }
    return (unit === 0 ? Math.round(value) : value.toFixed(1)) + " " + units[unit];
  };

  const two = (value) => String(Math.floor(value)).padStart(2, "0");

  // A stretch in seconds.
  E2E.duration = (seconds) => {
    if (!is(seconds)) return "–";
    if (seconds < 60) return (Math.floor(seconds * 10) / 10).toFixed(1) + " s";
    const hours = Math.floor(seconds / 3600);
    const rest = two((seconds / 60) % 60) + "m " + two(seconds % 60) + "s";
    return hours > 0 ? hours + "h " + rest : rest.replace(/^0/, "");
  };

  // Moments are ms since 1970, shown in the visitor's own time.
  E2E.clock = (moment) => {
    if (!is(moment)) return "–";
    const at = new Date(moment);
    return two(at.getHours()) + ":" + two(at.getMinutes()) + ":" + two(at.getSeconds());
  };

  E2E.day = (moment) => {
    if (!is(moment)) return "–";
    const at = new Date(moment);
    return at.getFullYear() + "-" + two(at.getMonth() + 1) + "-" + two(at.getDate());
  };

  E2E.moment = (moment) => (is(moment) ? E2E.day(moment) + " " + E2E.clock(moment) : "–");

  E2E.plural = (count, one, more) => E2E.count(count) + " " + (count === 1 ? one : more || one + "s");
})(window.E2E);
