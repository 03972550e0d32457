import exec from "k6/execution";
import http from "k6/http";

const documents = `${__ENV.HOST}/v1beta/collections/bench/documents`;
const asJson = { headers: { "Content-Type": "application/json" }, tags: { name: "POST /documents" } };
const named = { tags: { name: "GET /documents/{uri}" } };

export default function () {
  const uri = `doc-${exec.vu.idInTest}-${exec.vu.iterationInScenario}-${Math.random().toString(16).slice(2)}`;
  const body = { document: { uri, fields: { test: true, timestamp: Date.now() / 1000 } } };
  http.post(documents, JSON.stringify(body), asJson);
  const response = http.get(`${documents}/${uri}`, named);
  if (response.json().document.uri !== uri) exec.test.abort("another document came back");
}
