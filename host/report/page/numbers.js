// Numbers and times as people read them; the same rules as on the terminal.
(function (E2E) {
  const is = (value) => value !== null && value !== undefined && Number.isFinite(value);

  // Rounds as the terminal does: where a value is just in the middle, to the even digit.
  const fixed = (value, digits) => {
    const doubled = value * 2 ** (digits + 1);
    if (doubled % 2 !== 1 && doubled % 2 !== -1) return value.toFixed(digits);
    const floor = Math.floor(value * 10 ** digits);
    return ((floor % 2 === 0 ? floor : floor + 1) / 10 ** digits).toFixed(digits);
  };

  E2E.count = (value) => (is(value) ? Number(fixed(value, 0)).toLocaleString("en-US").replace(/,/g, "\u202f") : "–");

  // ms: whole, or with two decimals below 10.
  E2E.ms = (value) => {
    if (!is(value)) return "–";
    if (value === 0) return "0";
    return value < 9.995 ? fixed(value, 2) : E2E.count(value);
  };

  E2E.msWithUnit = (value) => (is(value) ? E2E.ms(value) + " ms" : "–");

  E2E.rate = (value) => {
    if (!is(value)) return "–";
    if (value < 99.995) return fixed(value, 2);
    return value < 999.95 ? fixed(value, 1) : E2E.count(value);
  };

  // Only all of it is 100 %, and only none of it 0 %.
  E2E.percent = (ratio) => {
    if (!is(ratio)) return "–";
    const percent = ratio * 100;
    if (percent > 0 && percent < 0.01) return "0.01 %";
    if (percent < 100 && percent > 99.99) return "99.99 %";
    return fixed(percent, 2) + " %";
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

  // Moments are ms since 1970, shown in UTC as on the terminal: a report reads the same wherever it is opened.
  E2E.clock = (moment) => (is(moment) ? new Date(moment).toISOString().slice(11, 19) + "Z" : "–");

  E2E.moment = (moment) => (is(moment) ? new Date(moment).toISOString().slice(0, 19).replace("T", " ") + " UTC" : "–");

  E2E.plural = (count, one, more) => E2E.count(count) + " " + (count === 1 ? one : more || one + "s");
})(window.E2E);
