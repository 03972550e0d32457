import exec from "k6/execution";
import http from "k6/http";
import { check, sleep } from "k6";

const tasks = Number(__ENV.TASKS);

export default function () {
  if (exec.vu.iterationInInstance >= tasks) sleep(3600);
  if (Math.random() < 0.75) createAndGet();
  else http.get(`${__ENV.HOST}/ready`);
  sleep(0.5 + Math.random() / 2);
}

function createAndGet() {
  const documents = `${__ENV.HOST}/v1beta/collections/bench_${exec.vu.idInTest}/documents`;
  const uri = `doc-${Math.random().toString(16).slice(2)}`;
  const body = { document: { uri, fields: { test: true, timestamp: Date.now() / 1000 } } };
  const asJson = { headers: { "Content-Type": "application/json" }, tags: { name: "POST /documents" } };
  check(http.post(documents, JSON.stringify(body), asJson), { created: (r) => r.status === 200 });
  check(http.get(`${documents}/${uri}`, { tags: { name: "GET /documents/{uri}" } }), {
    "status is 200": (r) => r.status === 200,
    "uri matches": (r) => r.json().document.uri === uri,
  });
}
