import grpc from "k6/net/grpc";
import { sleep } from "k6";

const client = new grpc.Client();
client.load(["."], "echo.proto");

export default function () {
  client.connect(__ENV.HOST.replace("http://", ""), { plaintext: true });
  client.invoke("bench.Echo/Echo", { id: 1 });
  sleep(3600);
}
